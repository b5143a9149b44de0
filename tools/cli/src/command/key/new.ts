import { newKey } from '@sallyport/host/command';
import { defineCommand } from '../../command.ts';
import { keyOptions } from '../../config-option.ts';
import { describeKey } from '../../format-key.ts';

export const command = defineCommand({
  summary: 'create an API key for one caller',
  about: 'The key is printed once. Only its hash is stored, in the file of the scheme with API keys.',
  arguments: {},
  options: {
    ...keyOptions,
    subject: { value: 'NAME', required: true, says: 'who will call with the key' },
    tenant: { value: 'NAME', says: 'the tenant that the caller belongs to' },
    scope: { value: 'NAME', many: true, says: 'a scope of the caller' },
    expires: { value: 'WHEN', default: '90d', says: '90d, 12h, 30m, a date in UTC, or never' },
  },
  example: 'sallyport key new --subject ada --tenant research --scope tools --expires 30d',
  async run({ options }) {
    const { config, scheme, subject, tenant, scope: scopes, expires } = options;
    const { key, stored } = await newKey({ config, scheme, subject, tenant, scopes, expires });
    return { json: { key, ...stored }, text: `key: ${key}\n${describeKey(stored)}` };
  },
});
