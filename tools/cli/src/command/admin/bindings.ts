import type { BindingReport } from '@sallyport/host/admin';
import { columns } from '../../admin/columns.ts';
import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'list the bindings of a gateway with their upstreams and plugins',
  arguments: {},
  options: adminOptions,
  example: 'sallyport admin bindings',
  async run({ options }, on) {
    const client = await openAdminClient(options, on);
    const json = await client.call<{ readonly bindings: readonly BindingReport[] }>({ path: ['bindings'] });
    const rows = json.bindings.map(({ id, upstreams, transforms, policies, sessions, default: isDefault }) => [
      ...[isDefault ? `${id} (default)` : id, upstreams.join(' '), transforms.join(' '), policies.join(' ')],
      String(sessions),
    ]);
    const heading = ['BINDING', 'UPSTREAMS', 'TRANSFORMS', 'POLICIES', 'SESSIONS'];
    return { json, text: columns(heading, rows, 'no bindings') };
  },
});
