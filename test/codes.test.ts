import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codes } from '@sallyport/host/core/codes';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const sources = globSync(['host/src/**/*.ts', 'tools/*/src/**/*.ts'], { cwd: root })
  .filter(file => !/\.(test|case)\.ts$/.test(file) && !file.endsWith('core/codes.ts'))
  .map(file => readFileSync(join(root, file), 'utf8'))
  .join('\n');
const documented = readFileSync(join(root, 'docs/errors.md'), 'utf8');

describe.each(Object.entries(codes))('the error code %s', (code, entry) => {
  it('[RUN-31] is thrown somewhere', () => {
    expect(sources).toContain(`'${code}'`);
  });

  it('[RUN-31] is documented with what it means and what to do', () => {
    expect(documented).toContain(`## \`${code}\`\n\n${entry.says}\n`);
    expect(documented).toContain(entry.todo);
  });

  it('[RUN-31] is seen by somebody: as an exit code, or by a client', () => {
    expect('exit' in entry || 'http' in entry || 'rpc' in entry).toBe(true);
  });
});
