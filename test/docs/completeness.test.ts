import { globSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../../host/src/core/json.ts';
import { read, root } from '../fixtures/markdown.ts';
import { requirements } from '../requirements.ts';

describe('a promise of the security model', () => {
  const promises = [...read('docs/security.md').matchAll(/^\| (.+?) \| ((?:[A-Z]+-\d+ ?)+)\| (.+) \|$/gm)].map(
    ([, promise = '', ids = '', files = '']) => ({
      promise,
      ids: ids.trim().split(' '),
      files: [...files.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => normalize(join('docs', path))),
    }),
  );

  it('[RUN-37] is there', () => {
    expect(promises.length).toBeGreaterThan(20);
  });

  it('[RUN-37] is shown by the tests that it names', () => {
    const problems = promises.flatMap(({ promise, ids, files }) => {
      const cited = files.map(file => [...read(file).matchAll(/\[([A-Z]+-\d+)\]/g)].map(([, id = '']) => id));
      return [
        ...ids.filter(id => !(id in requirements)).map(id => `${promise}: ${id} is no requirement`),
        ...ids.filter(id => !cited.flat().includes(id)).map(id => `${promise}: no test cites ${id}`),
        ...files
          .filter((_, index) => !cited[index]?.some(id => ids.includes(id)))
          .map(file => `${promise}: ${file} cites none of its requirements`),
      ];
    });
    expect(problems).toEqual([]);
  });
});

describe('the table of the OWASP MCP Top 10', () => {
  const rows = [...read('docs/security.md').matchAll(/^\| (MCP\d\d) .+ \| ([A-Z0-9 -]+) \|$/gm)];

  it('[RUN-37] names requirements for each of the ten risks', () => {
    expect(rows.map(([, risk]) => risk)).toEqual(
      Array.from({ length: 10 }, (_, index) => `MCP${String(index + 1).padStart(2, '0')}`),
    );
    const ids = rows.flatMap(([, , named = '']) => named.split(' '));
    expect(ids.filter(id => !(id in requirements))).toEqual([]);
  });
});

describe('the list of dependencies', () => {
  const packages = ['package.json', ...globSync(['host/package.json', 'tools/*/package.json'], { cwd: root })];
  const used = new Set(
    packages
      .flatMap(file => {
        const { dependencies = {}, devDependencies = {} } = JSON.parse(read(file)) as Record<string, object>;
        return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
      })
      .filter(name => !name.startsWith('@sallyport/')),
  );
  const rows = [...read('docs/dependencies.md').matchAll(/^\| (`.+`) \| .{10,} \|$/gm)];
  const documented = rows.flatMap(([, names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name));

  it('[RUN-38] has each of them, and no other', () => {
    expect(documented.toSorted()).toEqual([...used].toSorted());
  });
});

describe('the operator guide', () => {
  // The chapter about HTTP APIs is a document of its own.
  const guide = read('docs/operator-guide.md') + read('docs/openapi.md');
  const schema = JSON.parse(read('docs/schema/sallyport.schema.json')) as JsonObject;

  /** Every setting, by its path. What a plugin's descriptor says is the author's matter. */
  function settings(node: Json | undefined, path: string[] = []): { path: string; fallback: Json | undefined }[] {
    if (!isJsonObject(node) || path.at(-1) === 'descriptor') return [];
    if (isJsonObject(node.items)) return settings(node.items, path);
    const members = isJsonObject(node.properties) ? Object.entries(node.properties) : [];
    return members.flatMap(([name, member]) => [
      { path: [...path, name].join('.'), fallback: isJsonObject(member) ? member.default : undefined },
      ...settings(member, [...path, name]),
    ]);
  }
  const all = settings(schema);

  it('[RUN-38] is held against the whole schema', () => {
    expect(all.length).toBeGreaterThan(60);
  });

  it('[RUN-38] names each of them', () => {
    const unnamed = all.filter(({ path }) => {
      const name = path.split('.').at(-1) ?? '';
      return !new RegExp(`\`(?:[\\w.]+\\.)?${name}[\`:]|^\\s*(?:- )?${name}:|[{,] ${name}:`, 'm').test(guide);
    });
    expect(unnamed.map(({ path }) => path)).toEqual([]);
  });

  it('[RUN-38] states the default of each limit that is a number', () => {
    const numbers = all.filter(({ path, fallback }) => path.startsWith('limits.') && typeof fallback === 'number');
    expect(numbers.length).toBeGreaterThan(10);
    const unstated = numbers.filter(({ path, fallback }) => {
      const row = guide.split('\n').find(line => line.startsWith(`| \`${path}\` |`)) ?? '';
      return !new RegExp(`\\b${fallback}\\b`).test(row);
    });
    expect(unstated.map(({ path }) => path)).toEqual([]);
  });
});
