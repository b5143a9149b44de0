import type { PluginStats } from '@sallyport/host/admin';
import { columns } from '../../admin/columns.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'show what the plugins of a gateway did, and what it cost',
  arguments: {},
  options: adminOptions,
  example: 'sallyport admin stats',
  async run({ options }, on) {
    const client = await openAdminClient(options, on);
    const json = await client.call<{ readonly plugins: readonly PluginStats[] }>({ path: ['stats'] });
    const sum = (counts: Readonly<Record<string, number>>) =>
      Object.values(counts).reduce((total, each) => total + each, 0);
    const rows = json.plugins.map(({ id, calls, errors, violations, wall_ms: wall, cpu_ms: cpu, memory, since }) => [
      ...[id, String(calls), String(sum(errors)), String(sum(violations))],
      ...[(calls === 0 ? 0 : wall / calls).toFixed(2), cpu.toFixed(0), (memory.bytes / 2 ** 20).toFixed(1), since],
    ]);
    const heading = ['PLUGIN', 'CALLS', 'ERRORS', 'BLOCKS', 'MS/CALL', 'CPU MS', 'MIB', 'SINCE'];
    return { json, text: columns(heading, rows, 'no plugins') };
  },
});
