import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codes } from '../host/src/core/codes/index.ts';
import { errorNumbers } from '../host/src/mcp/revision/2025-11-25/errors.ts';

const root = join(import.meta.dirname, '..');
const sources = globSync(['host/src/**/*.ts', 'tools/*/src/**/*.ts'], { cwd: root })
  .filter(file => !/\.(test|case)\.ts$/.test(file) && !/core\/codes[./]/.test(file))
  .map(file => readFileSync(join(root, file), 'utf8'))
  .join('\n');
const documented = readFileSync(join(root, 'docs/errors.md'), 'utf8');

const entries = Object.entries(codes);
/** The codes for which `holds` is false. */
const without = (holds: (code: string, entry: (typeof entries)[number][1]) => boolean) =>
  entries.filter(([code, entry]) => !holds(code, entry)).map(([code]) => code);

describe('every error code', () => {
  it('[RUN-31] that the sources give to a caller is in the table', () => {
    // Clients get a plugin's own codes, too; those are variables, and never literals of the gateway.
    const stated = [...sources.matchAll(/\bcode: '([a-z]+(?:_[a-z]+)+)'/g)].map(([, code = '']) => code);
    expect(stated).toContain('plugin_failed');
    expect(stated.filter(code => !(code in codes))).toEqual([]);
  });

  it('[RUN-31] is thrown somewhere', () => {
    expect(without(code => sources.includes(`'${code}'`))).toEqual([]);
  });

  it('[RUN-31] is documented with what it means and what to do', () => {
    const section = (code: string, says: string) => `## \`${code}\`\n\n${says}\n`;
    expect(
      without((code, { says, todo }) => documented.includes(section(code, says)) && documented.includes(todo)),
    ).toEqual([]);
  });

  it('[RUN-31] is seen by someone: as an exit code, or by a client', () => {
    expect(without((code, entry) => 'exit' in entry || 'http' in entry || code in errorNumbers)).toEqual([]);
  });
});
