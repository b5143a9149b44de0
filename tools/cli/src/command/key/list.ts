import { listKeys } from '@sallyport/host/command';
import { defineCommand } from '../../command.ts';
import { keyOptions } from '../../config-option.ts';
import { keyLine } from '../../format-key.ts';

export const command = defineCommand({
  summary: 'list the API keys, without their secrets',
  arguments: {},
  options: keyOptions,
  example: 'sallyport key list',
  async run({ options }) {
    const keys = await listKeys(options);
    return { json: { keys }, text: keys.map(keyLine).join('\n') || 'no keys' };
  },
});
