import type { PrincipalEntry } from '@sallyport/host/admin';
import { columns } from '../../admin/columns.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'list the latest callers of a gateway, the most recent first',
  arguments: {},
  options: adminOptions,
  example: 'sallyport admin principals',
  async run({ options }, on) {
    const client = await openAdminClient(options, on);
    const json = await client.call<{ readonly principals: readonly PrincipalEntry[] }>({ path: ['principals'] });
    const rows = json.principals.map(({ subject, tenant, scheme, last_seen: seen, requests, running }) => [
      ...[subject ?? 'anonymous', tenant ?? '', scheme, seen, String(requests), String(running)],
    ]);
    const heading = ['SUBJECT', 'TENANT', 'SCHEME', 'LAST SEEN', 'REQUESTS', 'RUNNING'];
    return { json, text: columns(heading, rows, 'no callers yet') };
  },
});
