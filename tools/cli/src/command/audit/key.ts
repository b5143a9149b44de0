import { auditKey } from '@sallyport/host/command';
import { defineCommand } from '../../command.ts';
import { configOption } from '../../config-option.ts';

export const command = defineCommand({
  summary: 'print the public key that audit log and receipts are signed with',
  about: 'Keep it where the gateway cannot write, for `sallyport audit verify --key`.',
  arguments: {},
  options: configOption,
  example: 'sallyport audit key > audit.pub.pem',
  async run({ options }) {
    const key = await auditKey(options);
    return { json: key, text: key.public_key.trimEnd() };
  },
});
