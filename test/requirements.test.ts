import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requirements } from './requirements.ts';

const root = join(import.meta.dirname, '..');
const files = globSync(
  ['host/src/**/*.{test,case}.ts', 'tools/*/src/**/*.{test,case}.ts', 'test/**/*.{test,case}.ts'],
  {
    cwd: root,
  },
).filter(file => !file.endsWith('requirements.test.ts'));
const cited = new Set(
  files.flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\[([A-Z]+-\d+)\]/g)].map(match => match[1]),
  ),
);

it('finds a test that cites each requirement', () => {
  expect(Object.keys(requirements).filter(id => !cited.has(id))).toEqual([]);
});

it('finds a requirement for each citation', () => {
  expect([...cited].filter(id => id !== undefined && !(id in requirements))).toEqual([]);
});
