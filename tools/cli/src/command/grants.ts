import { grants } from '@sallyport/host/command/grants';
import { defineCommand } from '../command.ts';
import { configOption } from '../config-option.ts';

export const command = defineCommand({
  summary: 'what a plugin is granted, and what it would need by what `grants: learn` recorded',
  arguments: { PLUGIN: { says: 'the id of a plugin of the configuration' } },
  options: configOption,
  example: 'sallyport grants redact-emails -c sallyport.yaml',
  run: ({ options: { config }, args: { PLUGIN: plugin }, json }) => grants({ config, json, plugin }),
});
