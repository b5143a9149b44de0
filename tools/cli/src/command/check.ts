import { check } from '@sallyport/host/command';
import { defineCommand } from '../command.ts';
import { configOption, startOptions } from '../config-option.ts';

export const command = defineCommand({
  summary: 'load and verify all plugins as serve would, without starting anything',
  arguments: {},
  options: { ...configOption, ...startOptions },
  example: 'sallyport check -c sallyport.yaml && sallyport serve -c sallyport.yaml',
  run: ({ options: { config, frozen, 'allow-downgrade': allowDowngrade }, json }, { signal }) =>
    check({ config, json, frozen, allowDowngrade }, signal),
});
