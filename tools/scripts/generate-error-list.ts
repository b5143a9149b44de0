import { codes, type FaultCode } from '@sallyport/host/core';
import { errorNumbers } from '@sallyport/host/mcp';

/** Generates docs/errors.md from the table of codes. */
export async function errorList(): Promise<Map<string, string>> {
  const rows = Object.entries(codes).map(([code, entry]) => {
    const number = errorNumbers[code as FaultCode];
    const seen = [
      'exit' in entry ? `exit code ${entry.exit}` : undefined,
      'http' in entry ? `HTTP ${entry.http}` : undefined,
      number === undefined ? undefined : `JSON-RPC ${number}`,
    ].filter(Boolean);
    return `## \`${code}\`\n\n${entry.says}\n\n- **Seen as:** ${seen.join(', ')}\n- **What to do:** ${entry.todo}\n`;
  });
  const head = [
    '# Errors',
    '',
    '<!-- Generated from host/src/core/codes/; run `pnpm generate`. -->',
    '',
    'Every error has one of these codes. Exit codes: 0 success, 1 failure at run time, 2 wrong usage, 3 configuration',
    'refused, 4 plugin refused (source, trust, capability, compile), 5 required upstream unreachable at start.',
    '',
  ];
  return new Map([['docs/errors.md', `${head.join('\n')}\n${rows.join('\n')}`]]);
}
