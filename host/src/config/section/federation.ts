import { z } from 'zod';
import { pluginIdSchema } from '../../contract/plugin-descriptor.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Problem } from '../problem.ts';
import { duplicates, entries, listed, type Named, unknownNames } from './named.ts';
import { type RefusedSetting, refusedSettings } from './policies.ts';
import { plainSection } from './section.ts';

/** Lists the plugins in `federation`. */
export const federationPlugins = (value: JsonObject): readonly Named[] => listed(value, ['federation']);

/** Settings that cannot apply to plugins in `federation`. */
const refused: Readonly<Record<string, RefusedSetting>> = {
  conditions: {
    applies: stated => Array.isArray(stated) && stated.some(each => isJsonObject(each) && hasOtherFields(each)),
    message:
      'a plugin in `federation` is called for servers and whole lists, so its `conditions` have only `upstreams`',
    hint: 'remove the other fields of its conditions',
  },
};

const hasOtherFields = (condition: JsonObject) => Object.keys(condition).some(field => field !== 'upstreams');

/** `federation`: plugins that decide which servers join, and what of their lists is used. */
export const federationSection = plainSection({
  shape: {
    federation: z
      .array(pluginIdSchema)
      .default([])
      .describe('Ids of plugins that decide which upstreams join, and what of their lists is used.'),
  },
  problems(value): readonly Problem[] {
    const used = federationPlugins(value);
    return [
      ...duplicates(used),
      ...unknownNames(entries(value, ['plugins']), used, 'plugin'),
      ...refusedSettings(value, new Set(used.map(({ name }) => name)), refused),
    ];
  },
});
