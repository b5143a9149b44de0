import { revokeAccounts } from '@sallyport/host/command';
import { defineCommand } from '../../command.ts';
import { configOption } from '../../config-option.ts';
import { accountLine } from '../../format-account.ts';

export const command = defineCommand({
  summary: 'remove an account that a user has connected, and revoke it at its authorization server',
  about: 'A running gateway uses the account no more after five seconds.',
  arguments: {
    upstream: { says: 'the id of the upstream' },
    subject: { says: 'the user, as `sallyport account list` prints them' },
  },
  options: {
    ...configOption,
    tenant: { value: 'ID', says: 'the tenant of the user, if several have one of this name' },
    scheme: { value: 'ID', says: 'the scheme of the user, if several have one of this name' },
  },
  example: 'sallyport account revoke tickets ada',
  async run({ options, args }) {
    const accounts = await revokeAccounts({ ...options, ...args });
    const line = ({ revoked, why, ...account }: (typeof accounts)[number]) =>
      `removed ${accountLine(account)}: ${revoked ? 'revoked at its server' : `not revoked at its server, because ${why}`}`;
    return { json: { accounts }, text: accounts.map(line).join('\n') };
  },
});
