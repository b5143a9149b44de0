import type { ReloadAnswer } from '@sallyport/host/admin';
import { changeText, dryRunOption, dryRunQuery } from '../../admin/change.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'call a plugin again that was disabled',
  about: 'In the mode of the configuration file, or in enforce if that disables it.',
  arguments: { PLUGIN: { says: 'the id of a plugin' } },
  options: { ...adminOptions, ...dryRunOption },
  example: 'sallyport admin enable redact-emails',
  async run({ options, args: { PLUGIN: id } }, on) {
    const client = await openAdminClient(options, on);
    const query = dryRunQuery(options);
    const json = await client.call<ReloadAnswer>({ method: 'POST', path: ['plugins', id, 'enable'], query });
    return { json, text: changeText(json) };
  },
});
