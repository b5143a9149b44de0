import { z } from 'zod';
import { reloadSchema } from '../answer/change.ts';
import { defineChange, type OperationInput } from '../operation.ts';
import type { SwitchRequest } from '../plugin-switches.ts';
import { known } from './known.ts';

const query = z.strictObject({
  dry_run: z.enum(['true', 'false']).optional().describe('`true`: validate everything, and return what would change.'),
});

type Input = Pick<OperationInput<z.output<typeof query>, unknown>, 'query' | 'subject'>;

const requestOf = ({ query: { dry_run }, subject }: Input): SwitchRequest => ({ dryRun: dry_run === 'true', subject });

export const enablePlugin = defineChange({
  ...{ id: 'enablePlugin', method: 'POST', path: '/admin/plugins/{plugin}/enable', query },
  summary: 'Calls a plugin again: in the mode of the configuration file, or in `enforce` if that disables it.',
  answer: reloadSchema,
  run(host, { parts: { plugin = '' }, ...input }) {
    known(host.plugin(plugin), 'plugin', plugin);
    return host.switches.enable(plugin, requestOf(input));
  },
});

export const disablePlugin = defineChange({
  ...{ id: 'disablePlugin', method: 'POST', path: '/admin/plugins/{plugin}/disable', query },
  summary: 'Stops calling a plugin, also after a restart. Requests that run finish with it.',
  answer: reloadSchema,
  run(host, { parts: { plugin = '' }, ...input }) {
    known(host.plugin(plugin), 'plugin', plugin);
    return host.switches.setMode(plugin, 'disabled', requestOf(input));
  },
});

export const setPluginMode = defineChange({
  ...{ id: 'setPluginMode', method: 'PUT', path: '/admin/plugins/{plugin}/mode', query },
  summary: 'Changes the mode of a plugin, also after a restart. Requests that run finish in the earlier mode.',
  body: z.strictObject({ mode: z.enum(['enforce', 'permissive', 'shadow', 'disabled']) }),
  answer: reloadSchema,
  run(host, { parts: { plugin = '' }, ...input }) {
    known(host.plugin(plugin), 'plugin', plugin);
    return host.switches.setMode(plugin, input.body.mode, requestOf(input));
  },
});

export const reloadPlugin = defineChange({
  ...{ id: 'reloadPlugin', method: 'POST', path: '/admin/plugins/{plugin}/reload' },
  summary: 'Resolves the tag of a plugin again, and loads what it names now, if the lockfile allows it.',
  answer: reloadSchema,
  run(host, { parts: { plugin = '' }, subject }) {
    known(host.plugin(plugin), 'plugin', plugin);
    return host.switches.reload(plugin, { subject });
  },
});

export const reload = defineChange({
  ...{ id: 'reload', method: 'POST', path: '/admin/reload' },
  summary: 'Reads the configuration file again and uses it, or returns what would change.',
  body: z.strictObject({ dry_run: z.boolean().default(false) }).optional(),
  answer: reloadSchema,
  async run(host, { body, subject }) {
    const before = host.status().generation;
    const answer = await host.reload({ dryRun: body?.dry_run ?? false, subject });
    return { answer, before: { generation: before }, after: { ...answer, changes: [...answer.changes] } };
  },
});
