import { z } from 'zod';
import { reloadSchema } from '../answer/change.ts';
import { defineChange } from '../operation.ts';
import { known } from './known.ts';

const query = z.strictObject({
  dry_run: z.enum(['true', 'false']).optional().describe('`true`: validate everything, and return what would change.'),
});

const requestOf = (stated: z.output<typeof query>) => ({ dryRun: stated.dry_run === 'true' });

export const enablePlugin = defineChange({
  ...{ id: 'enablePlugin', method: 'POST', path: '/admin/plugins/{plugin}/enable', query },
  summary: 'Calls a plugin again: in the mode of the configuration file, or in `enforce` if that disables it.',
  answer: reloadSchema,
  run(host, { parts: { plugin = '' }, query: stated }) {
    known(host.plugin(plugin), 'plugin', plugin);
    return host.switches.enable(plugin, requestOf(stated));
  },
});

export const disablePlugin = defineChange({
  ...{ id: 'disablePlugin', method: 'POST', path: '/admin/plugins/{plugin}/disable', query },
  summary: 'Stops calling a plugin, also after a restart. Requests that run finish with it.',
  answer: reloadSchema,
  run(host, { parts: { plugin = '' }, query: stated }) {
    known(host.plugin(plugin), 'plugin', plugin);
    return host.switches.setMode(plugin, 'disabled', requestOf(stated));
  },
});

export const setPluginMode = defineChange({
  ...{ id: 'setPluginMode', method: 'PUT', path: '/admin/plugins/{plugin}/mode', query },
  summary: 'Changes the mode of a plugin, also after a restart. Requests that run finish in the earlier mode.',
  body: z.strictObject({ mode: z.enum(['enforce', 'permissive', 'shadow', 'disabled']) }),
  answer: reloadSchema,
  run(host, { parts: { plugin = '' }, query: stated, body: { mode } }) {
    known(host.plugin(plugin), 'plugin', plugin);
    return host.switches.setMode(plugin, mode, requestOf(stated));
  },
});

export const reloadPlugin = defineChange({
  ...{ id: 'reloadPlugin', method: 'POST', path: '/admin/plugins/{plugin}/reload' },
  summary: 'Resolves the tag of a plugin again, and loads what it names now, if the lockfile allows it.',
  answer: reloadSchema,
  run(host, { parts: { plugin = '' } }) {
    known(host.plugin(plugin), 'plugin', plugin);
    return host.switches.reload(plugin);
  },
});

export const reload = defineChange({
  ...{ id: 'reload', method: 'POST', path: '/admin/reload' },
  summary: 'Reads the configuration file again and uses it, or returns what would change.',
  body: z.strictObject({ dry_run: z.boolean().default(false) }).optional(),
  answer: reloadSchema,
  async run(host, { body }) {
    const before = host.status().generation;
    const answer = await host.reload({ dryRun: body?.dry_run ?? false });
    return { answer, before: { generation: before }, after: { ...answer, changes: [...answer.changes] } };
  },
});
