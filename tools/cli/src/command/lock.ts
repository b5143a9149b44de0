import { lock } from '@sallyport/host/command';
import { defineCommand } from '../command.ts';
import { configOption, downgradeOption } from '../config-option.ts';

export const command = defineCommand({
  summary: 'pin all plugins in sallyport.lock, next to the configuration',
  about: 'serve and check then refuse every plugin that does not match its pin.',
  arguments: {},
  options: {
    ...configOption,
    approve: { value: 'PLUGIN', many: true, says: 'accept the additional access that PLUGIN asks for' },
    ...downgradeOption,
  },
  example: 'sallyport lock -c sallyport.yaml --approve redact-emails',
  run: ({ options: { config, approve, 'allow-downgrade': allowDowngrade }, json }, { signal }) =>
    lock({ config, json, approve, allowDowngrade }, signal),
});
