import { z } from 'zod';
import { pluginSchema, pluginStatsSchema, pluginSummarySchema } from '../answer/plugin.ts';
import { defineChange, defineReading } from '../operation.ts';
import { known } from './known.ts';

export const listPlugins = defineReading({
  id: 'listPlugins',
  path: '/admin/plugins',
  summary: 'Lists the plugins with their mode, signer and health.',
  answer: z.strictObject({ plugins: z.array(pluginSummarySchema) }),
  run: host => ({ plugins: [...host.plugins()] }),
});

export const listPluginStats = defineReading({
  id: 'listPluginStats',
  path: '/admin/stats',
  summary: 'Returns the counts, times and memory of every plugin.',
  answer: z.strictObject({ plugins: z.array(pluginStatsSchema) }),
  run: host => ({ plugins: [...host.pluginStats()] }),
});

export const getPlugin = defineReading({
  id: 'getPlugin',
  path: '/admin/plugins/{plugin}',
  summary: 'Returns everything about one plugin: where it is from, what it asked for and may do, and how it does.',
  answer: pluginSchema,
  run: (host, { parts: { plugin = '' } }) => known(host.plugin(plugin), 'plugin', plugin),
});

export const resetPlugin = defineChange({
  id: 'resetPlugin',
  method: 'POST',
  path: '/admin/plugins/{plugin}/reset',
  summary: 'Counts from zero, and calls the plugin again if its breaker or its `on_error` held it back.',
  answer: pluginStatsSchema,
  run(host, { parts: { plugin = '' } }) {
    const { health } = known(host.plugin(plugin), 'plugin', plugin);
    const answer = known(host.resetPlugin(plugin), 'plugin', plugin);
    return { answer, before: { state: health.state }, after: { state: host.plugin(plugin)?.health.state ?? null } };
  },
});
