import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { openPolicySuite, type PolicySuite } from '../fixtures/policy-suite.ts';
import { isMissing, itWith } from '../prerequisite.ts';

interface Case {
  readonly note: string;
  readonly want_error?: string;
  readonly want_error_code?: string;
  readonly strict_error?: boolean;
}

const file = join(import.meta.dirname, '../fixtures/rego-suite/data/cases.jsonl');
const folders = Map.groupBy(
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(text => ({ text, ...(JSON.parse(text) as Case) })),
  ({ note }) => note.replace(/\/.*/, ''),
);

/** Cases that are not run, by their reasons. */
const skipped: Readonly<Record<string, readonly string[]>> = {
  'they need a function that the component does not have': [
    'aggregates/count with invalid utf-8 chars (0xFFFD)',
    'jsonbuiltins/yaml round-trip',
    'with: ndb_cache-issue',
    'withkeyword/builtin: direct call, arity 0',
    'withkeyword/builtin: direct call, arity 0, rule replacement',
    'withkeyword/builtin: indirect call, arity 0',
    'withkeyword/builtin: indirect call, arity 0, rule queried with and without mock',
    'withkeyword/builtin: indirect call, arity 0, query package',
    'withkeyword/builtin: http.send example',
    'withkeyword/builtin: nested, multiple mocks',
    'withkeyword/builtin: indirect call through function',
    'withkeyword/builtin: indirect call through function, rule with and without mock',
    'withkeyword/builtin: indirect call through function, query package',
    'withkeyword/builtin-value: arity-0',
    'withkeyword/builtin-value: arity-0, captured output',
    'withkeyword/builtin-value: arity-0, false',
    'withkeyword/builtin-value: arity-0, var',
    'withkeyword/builtin-builtin: arity 0',
  ],
  'the engine does not replace functions by built-in ones': [
    'withkeyword/builtin-builtin: arity 1, replacement is compound',
    'withkeyword/builtin-builtin: arity 1, replacement is simple',
    'withkeyword/function: direct call, built-in replacement, arity 1',
    'withkeyword/function: direct call, built-in replacement, arity 1, result captured',
  ],
  'the engine finds nothing': ['refheads/general, set leaf, deep query'],
  'the engine sorts the results': ['refheads/general, multiple result-set entries'],
  'the engine refuses numbers beyond those of floats': ['strings/sprintf: float too big'],
};

describe("OPA's public test suite, in a component", () => {
  let suite: PolicySuite | undefined;
  let ran = 0;
  beforeAll(async () => {
    if (isMissing('wasm-ld-22')) return;
    suite = await openPolicySuite('rego-suite');
  }, 1_800_000);
  afterAll(async () => {
    await suite?.[Symbol.asyncDispose]();
    const reasons = Object.entries(skipped).map(([why, notes]) => `${notes.length} skipped: ${why}`);
    console.log([`${ran} of ${[...folders.values()].flat().length} cases of OPA ran`, ...reasons].join('\n'));
  });

  const left = new Set(Object.values(skipped).flat());
  itWith('wasm-ld-22').each([...folders.keys()])('[AUT-141] %s', async folder => {
    const different: unknown[] = [];
    for (const { note, text, want_error, want_error_code, strict_error } of folders.get(folder) ?? []) {
      if (left.has(note)) continue;
      ran += 1;
      const { as_wanted: asWanted, error } = (await suite?.ask(text)) ?? {};
      const mayFail = want_error !== undefined || want_error_code !== undefined || strict_error === true;
      const failed = mayFail && typeof error === 'string' && !error.includes('could not find function');
      if (asWanted !== true && !failed) different.push({ note, error });
    }
    expect(different).toEqual([]);
  });
});
