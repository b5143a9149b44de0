import type { Status } from '@sallyport/host/admin';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'show which version a gateway runs, since when, and with which configuration',
  arguments: {},
  options: adminOptions,
  example: 'sallyport admin status --url http://127.0.0.1:8789',
  async run({ options }, on) {
    const json = await (await openAdminClient(options, on)).call<Status>({ path: ['status'] });
    return {
      json,
      text: Object.entries(json)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n'),
    };
  },
});
