import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { read, root } from '../fixtures/markdown.ts';

const metric = /\b(?:sallyport|process|nodejs)_[a-z0-9_]+/g;

/** The names in the first column of the table of metrics. */
const documented = read('docs/operator-guide.md')
  .split('\n## ')
  .filter(chapter => chapter.startsWith('Metrics\n'))
  .flatMap(chapter => [...chapter.matchAll(/^\| (`.+?`) \|/gm)])
  .flatMap(([, names = '']) => names.match(metric) ?? []);

/** The names that the code of the gateway writes in quotes, or as a member of a table of metrics. */
const declared = globSync('host/src/**/*.ts', { cwd: root })
  .filter(file => !file.endsWith('.test.ts'))
  .flatMap(
    file =>
      readFileSync(join(root, file), 'utf8').match(
        /'(?:sallyport)_[a-z_]+'|^ +(?:sallyport|process|nodejs)_[a-z0-9_]+(?=:)/gm,
      ) ?? [],
  )
  .flatMap(text => text.match(metric) ?? [])
  .filter(name => name !== 'sallyport_');

it('[MET-06] the table of metrics has those that the code declares', () => {
  expect(documented.toSorted()).toEqual([...new Set(declared)].toSorted());
});
