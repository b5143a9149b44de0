import type { ReloadAnswer } from '@sallyport/host/admin';
import type { Options } from '../command.ts';

/** The option of subcommands whose change can be tried out. */
export const dryRunOption = {
  'dry-run': { says: 'validate everything, and print what would change' },
} as const satisfies Options;

export const dryRunQuery = ({ 'dry-run': isDry }: { readonly 'dry-run': boolean }): Record<string, string> =>
  isDry ? { dry_run: 'true' } : {};

/** Describes what a change did, or would do. */
export function changeText({ dry_run: isDry, generation, changes }: ReloadAnswer): string {
  const lines = changes.length === 0 ? [isDry ? 'nothing would change' : 'nothing changed'] : changes;
  return [...lines, ...(isDry ? [] : [`generation ${generation} is in use`])].join('\n');
}
