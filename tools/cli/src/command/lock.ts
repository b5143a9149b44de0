import { lock } from '@sallyport/host/command/lock';
import { defineCommand } from '../command.ts';
import { configOption, downgradeOption } from '../config-option.ts';

export const command = defineCommand({
  summary: 'pin all plugins in sallyport.lock, beside the configuration',
  about: 'serve and check then refuse whatever is not as it is pinned.',
  arguments: {},
  options: {
    ...configOption,
    approve: { value: 'PLUGIN', many: true, says: 'accept what PLUGIN asks for beyond what was approved' },
    ...downgradeOption,
  },
  example: 'sallyport lock -c sallyport.yaml --approve redact-emails',
  run: ({ options: { config, approve, 'allow-downgrade': allowDowngrade }, json }, { signal }) =>
    lock({ config, json, approve, allowDowngrade }, signal),
});
