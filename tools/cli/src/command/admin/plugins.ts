import type { PluginDetails, PluginSummary } from '@sallyport/host/admin';
import { columns } from '../../admin/columns.ts';
import { describePlugin } from '../../admin/describe-plugin.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'list the plugins of a gateway, or show everything about one',
  arguments: { PLUGIN: { says: 'the id of a plugin', optional: true } },
  options: adminOptions,
  example: 'sallyport admin plugins redact-emails',
  async run({ options, args: { PLUGIN: id } }, on) {
    const client = await openAdminClient(options, on);
    if (id !== undefined) {
      const json = await client.call<PluginDetails>({ path: ['plugins', id] });
      return { json, text: describePlugin(json) };
    }
    const json = await client.call<{ readonly plugins: readonly PluginSummary[] }>({ path: ['plugins'] });
    const rows = json.plugins.map(({ id: plugin, version, mode, health, signer, bindings }) => [
      ...[plugin, version, mode, health.state, signer.id ?? signer.key?.slice(0, 12) ?? signer.by, bindings.join(' ')],
    ]);
    return { json, text: columns(['PLUGIN', 'VERSION', 'MODE', 'STATE', 'SIGNER', 'BINDINGS'], rows, 'no plugins') };
  },
});
