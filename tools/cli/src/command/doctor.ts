import { doctor } from '@sallyport/host/command';
import { defineCommand } from '../command.ts';
import { configOption } from '../config-option.ts';

export const command = defineCommand({
  summary: 'look at a configuration, its machine and its peers, and say what will hurt and how to fix it',
  about:
    'It connects to registries, upstreams and authorization servers, and starts stdio upstreams.\nThe exit code is 3 if something is an error.',
  arguments: {},
  options: { ...configOption, offline: { says: 'ask no other program and no other machine' } },
  example: 'sallyport doctor -c sallyport.yaml',
  run: ({ options: { config, offline } }, { signal }) => doctor({ config, offline }, signal),
});
