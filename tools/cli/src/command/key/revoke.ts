import { revokeKey } from '@sallyport/host/command';
import { defineCommand } from '../../command.ts';
import { keyOptions } from '../../config-option.ts';
import { keyLine } from '../../format-key.ts';

export const command = defineCommand({
  summary: 'revoke an API key',
  about: 'A running gateway refuses the key within a second.',
  arguments: { id: { says: 'the id of the key, as `sallyport key list` prints it' } },
  options: keyOptions,
  example: 'sallyport key revoke 4fT0aB9xYz12',
  async run({ options, args: { id } }) {
    const key = await revokeKey({ ...options, id });
    return { json: key, text: keyLine(key) };
  },
});
