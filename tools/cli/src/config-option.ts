import type { Options } from './command.ts';

/** Of every subcommand that reads the operator's file. */
export const configOption = {
  config: { short: 'c', value: 'FILE', says: 'the configuration', default: 'sallyport.yaml' },
} as const satisfies Options;

export const downgradeOption = {
  'allow-downgrade': { says: 'accept plugins older than those that were accepted before' },
} as const satisfies Options;

/** Of what starts plugins. */
export const startOptions = {
  frozen: { says: 'refuse to start unless the lockfile names exactly the configured plugins' },
  ...downgradeOption,
} as const satisfies Options;
