import { type PluginMode, pluginModes } from '../contract/hook-policy.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { memberAt } from './member-at.ts';
import type { Overlay } from './overlay.ts';
import type { Problem } from './problem.ts';
import { entries } from './section/named.ts';

/** Returns whether less of what a plugin decides counts in one mode than in another. */
export const isWeaker = (mode: PluginMode, than: PluginMode): boolean =>
  pluginModes.indexOf(mode) > pluginModes.indexOf(than);

/** Returns the modes that the file states, by plugin. A plugin without one has the usual one. */
export const modesInFile = (value: JsonObject): ReadonlyMap<string, PluginMode> =>
  new Map(
    entries(value, ['plugins']).map(({ name, path }) => {
      const stated = memberAt(value, [...path, 'mode']);
      return [name, pluginModes.find(mode => mode === stated) ?? 'enforce'];
    }),
  );

/** Whether the file lets the management API set modes that are weaker than its own. */
const allowsWeaker = (value: JsonObject): boolean => memberAt(value, ['admin', 'allow_weaker_modes']) === true;

/**
 * Returns the modes that were set at run time and count, by plugin. One that is weaker than that of the file does not,
 * unless the file allows it.
 */
export function modesAtRunTime(value: JsonObject, { plugins }: Overlay): ReadonlyMap<string, PluginMode> {
  const inFile = modesInFile(value);
  const isAllowed = allowsWeaker(value);
  const counting = Object.entries(plugins).filter(([id, { mode }]) => {
    const stated = inFile.get(id);
    return stated !== undefined && (isAllowed || !isWeaker(mode, stated));
  });
  return new Map(counting.map(([id, { mode }]) => [id, mode]));
}

/** Reports the modes that were set at run time and are not those of the file, and those that have no effect. */
export function modeWarnings(value: unknown, overlay: Overlay): readonly Problem[] {
  if (!isJsonObject(value)) return [];
  const inFile = modesInFile(value);
  const counting = modesAtRunTime(value, overlay);
  const places = new Map(entries(value, ['plugins']).map(({ name, path }) => [name, [...path, 'mode']]));
  return Object.entries(overlay.plugins).flatMap(([id, { mode }]): readonly Problem[] => {
    const stated = inFile.get(id);
    const what = `the mode ${mode} of ${id} that was set at run time`;
    if (stated === undefined)
      return [{ path: ['plugins'], message: `${what} has no effect: the file has no such plugin` }];
    if (stated === mode) return [];
    const path = places.get(id) ?? ['plugins'];
    if (counting.has(id)) return [{ path, message: `${what} counts, and not ${stated}, which the file says` }];
    return [
      {
        path,
        message: `${what} has no effect: it is weaker than ${stated} of the file, which does not set admin.allow_weaker_modes`,
      },
    ];
  });
}
