import type { PluginStats } from '@sallyport/host/admin';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'count what a plugin does from zero, and call it again if its failures held it back',
  arguments: { PLUGIN: { says: 'the id of a plugin' } },
  options: adminOptions,
  example: 'sallyport admin reset redact-emails',
  async run({ options, args: { PLUGIN: id } }, on) {
    const client = await openAdminClient(options, on);
    const json = await client.call<PluginStats>({ method: 'POST', path: ['plugins', id, 'reset'] });
    return { json, text: `reset ${id}` };
  },
});
