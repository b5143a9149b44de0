import type { ReloadAnswer } from '@sallyport/host/admin';
import { changeText, dryRunOption, dryRunQuery } from '../../admin/change.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'change the mode of a plugin, also after a restart',
  arguments: {
    PLUGIN: { says: 'the id of a plugin' },
    MODE: { says: 'its mode', choices: ['enforce', 'permissive', 'shadow', 'disabled'] },
  },
  options: { ...adminOptions, ...dryRunOption },
  example: 'sallyport admin mode redact-emails shadow',
  async run({ options, args: { PLUGIN: id, MODE: mode } }, on) {
    const client = await openAdminClient(options, on);
    const path = ['plugins', id, 'mode'];
    const json = await client.call<ReloadAnswer>({ method: 'PUT', path, query: dryRunQuery(options), body: { mode } });
    return { json, text: changeText(json) };
  },
});
