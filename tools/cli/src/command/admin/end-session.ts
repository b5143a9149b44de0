import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'end a session of a client, and cancel its running requests',
  arguments: { SESSION: { says: 'its handle, as `sallyport admin sessions` prints it' } },
  options: adminOptions,
  example: 'sallyport admin end-session 1f0c5b2a9d3e4f60',
  async run({ options, args: { SESSION: handle } }, on) {
    const client = await openAdminClient(options, on);
    const json = await client.call({ method: 'DELETE', path: ['sessions', handle] });
    return { json, text: `ended ${handle}` };
  },
});
