import { listAccounts } from '@sallyport/host/command';
import { defineCommand } from '../../command.ts';
import { configOption } from '../../config-option.ts';
import { accountLine } from '../../format-account.ts';

export const command = defineCommand({
  summary: 'list the accounts that users have connected at upstreams, without their tokens',
  arguments: {},
  options: configOption,
  example: 'sallyport account list',
  async run({ options }) {
    const accounts = await listAccounts(options);
    return { json: { accounts }, text: accounts.map(accountLine).join('\n') || 'no accounts' };
  },
});
