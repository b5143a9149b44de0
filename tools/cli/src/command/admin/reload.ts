import type { ReloadAnswer } from '@sallyport/host/admin';
import { fail } from '@sallyport/host/core';
import { changeText, dryRunOption } from '../../admin/change.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'read the configuration again, or load one plugin again whose tag was moved',
  arguments: { PLUGIN: { says: 'the id of a plugin; without it, the whole configuration', optional: true } },
  options: { ...adminOptions, ...dryRunOption },
  example: 'sallyport admin reload --dry-run',
  async run({ options, args: { PLUGIN: id } }, on) {
    const isDry = options['dry-run'];
    if (id !== undefined && isDry) fail('usage', { option: '--dry-run', hint: 'it is for the whole configuration' });
    const client = await openAdminClient(options, on);
    const json = await client.call<ReloadAnswer>(
      id === undefined
        ? { method: 'POST', path: ['reload'], body: { dry_run: isDry } }
        : { method: 'POST', path: ['plugins', id, 'reload'] },
    );
    return { json, text: changeText(json) };
  },
});
