import { defineCommand } from '../command.ts';
import { completionFor } from '../completion.ts';

export const command = defineCommand({
  summary: 'print a completion script for bash, zsh or fish',
  arguments: { SHELL: { says: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'] } },
  options: {},
  example: 'source <(sallyport completion bash)',
  run: async ({ args: { SHELL: shell } }, { entries }) => completionFor(shell, await entries()),
});
