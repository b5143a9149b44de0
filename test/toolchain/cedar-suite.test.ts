import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { openPolicySuite, type PolicySuite } from '../fixtures/policy-suite.ts';
import { isMissing, itWith } from '../prerequisite.ts';

interface Cases {
  readonly policies: string;
  readonly entities: string;
  readonly schema: string;
  readonly shouldValidate: boolean;
  readonly requests: readonly {
    readonly description: string;
    readonly decision: 'allow' | 'deny';
    readonly reason: readonly string[];
    readonly errors: readonly string[];
  }[];
}

const data = join(import.meta.dirname, '../fixtures/cedar-suite/data');
const read = (file: string) => readFileSync(join(data, file), 'utf8');
const casesOf = (file: string) => JSON.parse(read(file)) as Cases;

describe("Cedar's public test suite, in a component", () => {
  const files = globSync('tests/*/*.json', { cwd: data }).toSorted();
  let suite: PolicySuite | undefined;
  beforeAll(async () => {
    if (isMissing('wasm-ld-22')) return;
    const stores = files.map(file => {
      const { policies, entities, schema } = casesOf(file);
      return [file, { policies: read(policies), schema: read(schema), entities: JSON.parse(read(entities)) }];
    });
    suite = await openPolicySuite('cedar-suite', { stores: Object.fromEntries(stores) });
  }, 1_800_000);
  afterAll(() => suite?.[Symbol.asyncDispose]());

  itWith('wasm-ld-22').each(files)('[AUT-140] %s', async file => {
    const { shouldValidate: validates, requests } = casesOf(file);
    for (const { description, decision, reason, errors, ...asked } of requests) {
      const answer = await suite?.ask(JSON.stringify({ store: file, ...asked }));
      const expected = { decision, reason: reason.toSorted(), errors: errors.length, validates };
      expect({ description, ...answer }).toEqual({ description, ...expected });
    }
  });
});
