import { doctor } from '@sallyport/host/command';
import { defineCommand } from '../command.ts';
import { configOption } from '../config-option.ts';

export const command = defineCommand({
  summary: 'find problems in a configuration, its machine and what it depends on, and show how to fix them',
  about:
    'It connects to registries, upstreams and authorization servers, and starts stdio upstreams.\nThe exit code is 3 if a finding is an error, and 0 otherwise.',
  arguments: {},
  options: {
    ...configOption,
    offline: { says: 'contact no other program or machine, and skip the checks that need one' },
  },
  example: 'sallyport doctor -c sallyport.yaml',
  run: ({ options: { config, offline } }, { signal }) => doctor({ config, offline }, signal),
});
