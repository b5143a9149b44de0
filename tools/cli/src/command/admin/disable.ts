import type { ReloadAnswer } from '@sallyport/host/admin';
import { changeText, dryRunOption, dryRunQuery } from '../../admin/change.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'stop calling a plugin, also after a restart',
  about: 'Requests that are running finish with it.',
  arguments: { PLUGIN: { says: 'the id of a plugin' } },
  options: { ...adminOptions, ...dryRunOption },
  example: 'sallyport admin disable redact-emails',
  async run({ options, args: { PLUGIN: id } }, on) {
    const client = await openAdminClient(options, on);
    const query = dryRunQuery(options);
    const json = await client.call<ReloadAnswer>({ method: 'POST', path: ['plugins', id, 'disable'], query });
    return { json, text: changeText(json) };
  },
});
