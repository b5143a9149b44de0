import type { UpstreamReport } from '@sallyport/host/admin';
import { columns } from '../../admin/columns.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'list the upstreams of a gateway with their health',
  arguments: {},
  options: adminOptions,
  example: 'sallyport admin upstreams',
  async run({ options }, on) {
    const client = await openAdminClient(options, on);
    const json = await client.call<{ readonly upstreams: readonly UpstreamReport[] }>({ path: ['upstreams'] });
    const rows = json.upstreams.map(
      ({ id, kind, reachable, connections, requests, bindings, last_failure: failure }) => [
        ...[id, kind, reachable ? 'reachable' : `down: ${failure?.code ?? 'not reached yet'}`, String(connections)],
        ...[String(requests.result ?? 0), String((requests.error ?? 0) + (requests.failed ?? 0)), bindings.join(' ')],
      ],
    );
    const heading = ['UPSTREAM', 'KIND', 'STATE', 'CONNECTIONS', 'RESULTS', 'ERRORS', 'BINDINGS'];
    return { json, text: columns(heading, rows, 'no upstreams') };
  },
});
