import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../core/json.ts';
import { outputSchemaError, outputSchemaGaps } from './output-schema.ts';

const mail: JsonObject = {
  type: 'object',
  properties: { mail: { type: 'string', minLength: 3 }, list: { type: 'array', items: { type: 'integer' } } },
  required: ['mail'],
  additionalProperties: false,
};

const draft7 = 'http://json-schema.org/draft-07/schema#';

describe('a value fits an output schema', () => {
  it.each([
    ['plain', mail, { mail: 'abc', list: [1] }],
    ['with prefixItems, as of 2020-12', { prefixItems: [{ type: 'string' }] }, ['a', 1]],
    ['with a tuple, as of draft-07', { $schema: draft7, items: [{ type: 'string' }], additionalItems: false }, ['a']],
    ['with references', { $ref: '#/$defs/a', $defs: { a: { type: 'string' } } }, 'x'],
    ['with keywords that we do not know', { shine: true, type: 'object' }, {}],
    ['that is empty', {}, { anything: 1 }],
  ] satisfies [string, JsonObject, Json][])('%s', (_, schema, value) => {
    expect(outputSchemaError(schema, value)).toBeUndefined();
    expect(outputSchemaError(schema, value)).toBeUndefined();
  });
});

describe('a value breaks an output schema', () => {
  it.each([
    ['a type', mail, { mail: 1 }, '#/mail'],
    ['a length', mail, { mail: 'a' }, '#/mail'],
    ['an item', mail, { mail: 'abc', list: [1, 'x'] }, '#/list/1'],
    ['a member that is missing', mail, {}, '#'],
    ['a tuple of draft-07', { $schema: draft7, items: [{ type: 'string' }], additionalItems: false }, ['a', 1], '#'],
  ] satisfies [string, JsonObject, Json, string][])('%s, and the place is named', (_, schema, value, place) => {
    expect(outputSchemaError(schema, value)).toContain(place);
  });

  it('by not being there', () => {
    expect(outputSchemaError(mail, undefined)).toContain('missing');
  });
});

describe('what of a schema cannot be used, nothing is held to', () => {
  const deep = JSON.parse(`${'{"not":'.repeat(10_000)}{}${'}'.repeat(10_000)}`);
  const beside = { n: { type: 'integer' } };
  it.each([
    [
      'a reference to elsewhere',
      { $ref: 'https://example.com/schema.json' },
      '#/$ref: it refers to something that does not exist',
    ],
    ['a reference to nothing', { properties: { a: { $ref: '#/$defs/none' } } }, '#/properties/a/$ref: it refers to'],
    ['a reference that is none', { items: { $ref: 'http://[' } }, '#/items/$ref: it is not a URI reference'],
    ['a reference to itself', { $ref: '#' }, '#: it cannot be evaluated'],
    ['a pattern that is none', { properties: { a: { pattern: '(' } } }, '#/properties/a/pattern: it is not a regular'],
    [
      'a pattern that is a number',
      { properties: { a: { pattern: 1 } } },
      '#/properties/a/pattern: it is not a regular',
    ],
    ['another dialect', { properties: { a: { pattern: '\\A{1' } } }, '#/properties/a/pattern: it is not a regular'],
    [
      'a pattern of names',
      { patternProperties: { '(': { type: 'string' } }, additionalProperties: false },
      '#/patternProperties/(: it is not a regular',
    ],
    ['a keyword of the wrong kind', { required: 1, type: 'object' }, '#: it cannot be evaluated'],
    ['10,000 levels', deep, '#: it cannot be evaluated'],
  ] satisfies [string, JsonObject, string][])('[HOOK-31] %s', (_, schema, gaps) => {
    expect(outputSchemaError(schema, { a: 'x', 'x(': 1 })).toBeUndefined();
    expect(outputSchemaGaps(schema)).toContain(gaps);
  });

  it.each([
    ['a reference to nothing', { a: { $ref: '#/$defs/none' } }],
    ['a pattern that is none', { a: { pattern: '(' } }],
  ] satisfies [string, JsonObject][])('[HOOK-31] while all else counts: %s', (_, properties) => {
    expect(outputSchemaError({ properties: { ...properties, ...beside } }, { a: 'x', n: 'no' })).toContain('#/n');
  });

  it.each([
    ['^https\\:\\/\\/', 'https://x', 'http://x'],
    ['^\\w+\\@\\w+$', 'a@b', 'a b'],
    ['^[a\\-z\\_]+$', 'a-_z', 'b'],
    ['^\\d{4}\\-\\d{2}$', '2026-11', '2026x11'],
    ['^\\\\\\:$', '\\:', ':'],
  ])('[HOOK-31] a pattern is used that escapes more than it must: %s', (pattern, fits, breaks) => {
    const schema = { properties: { url: { pattern } }, patternProperties: { '^\\:': { type: 'integer' } } };
    expect(outputSchemaError(schema, { url: fits, ':a': 1 })).toBeUndefined();
    expect(outputSchemaError(schema, { url: breaks })).toContain('#/url');
    expect(outputSchemaError(schema, { url: fits, ':a': 'x' })).toContain('#/:a');
    expect(outputSchemaGaps(schema)).toBeUndefined();
  });

  it.each([
    ['names of members', { properties: { pattern: { type: 'integer' }, $ref: { type: 'integer' } } }],
    ['data', { const: { pattern: '(', $ref: 'x' }, default: { $ref: 'http://[' }, enum: [{ pattern: '(' }] }],
  ] satisfies [string, JsonObject][])('[HOOK-31] keywords are no %s', (_, schema) => {
    outputSchemaError(schema, {});
    expect(outputSchemaGaps(schema)).toBeUndefined();
  });

  it.each([
    ['a pattern that backtracks without end', { properties: { a: { pattern: '^(a+)+$' } } }],
    ['references that double at each level', doubling(40)],
  ] satisfies [string, JsonObject][])('[HOOK-17] it is stopped, and not tried again: %s', (_, schema) => {
    const value = { a: `${'a'.repeat(40)}!` };
    const tryIt = () => {
      const began = performance.now();
      expect(outputSchemaError(schema, value)).toBeUndefined();
      return performance.now() - began;
    };
    const first = tryIt();
    expect(outputSchemaGaps(schema)).toContain('Script execution timed out');
    // The fastest of some, because others use the same processor.
    expect(Math.min(tryIt(), tryIt(), tryIt())).toBeLessThan(first / 2);
    // Everything else continues as before.
    expect(outputSchemaError(mail, { mail: 'abc' })).toBeUndefined();
    expect(outputSchemaError(mail, { mail: 1 })).toContain('#/mail');
  });

  it('leaves the schema as it was', () => {
    const schema = structuredClone(mail);
    outputSchemaError(schema, {});
    expect(Object.getOwnPropertyNames(schema)).toEqual(Object.getOwnPropertyNames(mail));
  });
});

/** `levels` definitions, each of which refers twice to the next: small to write, endless to evaluate. */
function doubling(levels: number): JsonObject {
  const $defs: Record<string, Json> = { [`d${levels}`]: {} };
  for (let level = 0; level < levels; level++) {
    const $ref = `#/$defs/d${level + 1}`;
    $defs[`d${level}`] = { allOf: [{ $ref }, { $ref }] };
  }
  return { $ref: '#/$defs/d0', $defs };
}
