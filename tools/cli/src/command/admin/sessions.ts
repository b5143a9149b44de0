import type { SessionEntry } from '@sallyport/host/admin';
import { columns } from '../../admin/columns.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

interface SessionPage {
  readonly sessions: readonly SessionEntry[];
  readonly total: number;
  readonly next?: string;
}

export const command = defineCommand({
  summary: 'list the sessions of clients, a page at a time',
  arguments: {},
  options: {
    ...adminOptions,
    limit: { value: 'NUMBER', default: '100', says: 'how many sessions are shown' },
    after: { value: 'HANDLE', says: 'show the sessions behind this one' },
  },
  example: 'sallyport admin sessions --limit 20',
  async run({ options: { limit, after, ...options } }, on) {
    const client = await openAdminClient(options, on);
    const query = { limit, ...(after !== undefined && { after }) };
    const json = await client.call<SessionPage>({ path: ['sessions'], query });
    const rows = json.sessions.map(
      ({ handle, binding, subject, tenant, address, last_used: used, running, streams }) => [
        ...[handle, binding, subject ?? 'anonymous', tenant ?? '', address, used, String(running), String(streams)],
      ],
    );
    const heading = ['SESSION', 'BINDING', 'SUBJECT', 'TENANT', 'ADDRESS', 'LAST USED', 'RUNNING', 'STREAMS'];
    const more = json.next === undefined ? [] : [`${json.total} in all; the next ones: --after ${json.next}`];
    return { json, text: [columns(heading, rows, 'no sessions'), ...more].join('\n') };
  },
});
