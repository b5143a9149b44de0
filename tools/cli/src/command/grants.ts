import { grants } from '@sallyport/host/command';
import { defineCommand } from '../command.ts';
import { configOption } from '../config-option.ts';

export const command = defineCommand({
  summary: 'show what a plugin is granted, and the grants it needs as recorded by `grants: learn`',
  arguments: { PLUGIN: { says: 'the id of a plugin in the configuration' } },
  options: configOption,
  example: 'sallyport grants redact-emails -c sallyport.yaml',
  run: ({ options: { config }, args: { PLUGIN: plugin }, json }) => grants({ config, json, plugin }),
});
