import type { Options } from './command.ts';

/** The option of every subcommand that reads the operator's configuration. */
export const configOption = {
  config: { short: 'c', value: 'FILE', says: 'the configuration', default: 'sallyport.yaml' },
} as const satisfies Options;

/** The options of every subcommand for API keys. */
export const keyOptions = {
  ...configOption,
  scheme: { value: 'ID', says: 'the scheme whose keys they are, if several have API keys' },
} as const satisfies Options;

export const downgradeOption = {
  'allow-downgrade': { says: 'accept plugins older than the last accepted version' },
} as const satisfies Options;

/** The option of subcommands that start plugins. */
export const startOptions = {
  frozen: { says: 'refuse to start unless the lockfile names exactly the configured plugins' },
  ...downgradeOption,
} as const satisfies Options;
