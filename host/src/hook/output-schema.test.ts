import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../core/json.ts';
import { outputSchemaError } from './output-schema.ts';

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

describe('a schema that cannot be used fits nothing', () => {
  const deep = JSON.parse(`${'{"not":'.repeat(10_000)}{}${'}'.repeat(10_000)}`);
  it.each([
    ['a reference to elsewhere', { $ref: 'https://example.com/schema.json' }],
    ['a reference to nothing', { $ref: '#/$defs/none' }],
    ['a reference to itself', { $ref: '#' }],
    ['a pattern that is none', { pattern: '(' }],
    ['a keyword of the wrong kind', { required: 1, type: 'object' }],
    ['10,000 levels', deep],
  ] satisfies [string, JsonObject][])('[HOOK-17] %s', (_, schema) => {
    expect(outputSchemaError(schema, { a: 1 }) ?? outputSchemaError(schema, 'aaaa')).toContain('cannot be used');
  });

  it.each([
    ['a pattern that backtracks without end', { properties: { a: { pattern: '^(a+)+$' } } }],
    ['references that double at each level', doubling(40)],
  ] satisfies [string, JsonObject][])('[HOOK-17] is stopped, and not tried again: %s', (_, schema) => {
    const value = { a: `${'a'.repeat(40)}!` };
    expect(outputSchemaError(schema, value)).toContain('cannot be used');
    // Fits, and is not even looked at.
    expect(outputSchemaError(schema, {})).toContain('cannot be used');
    // Everything else goes on as before.
    expect(outputSchemaError(mail, { mail: 'abc' })).toBeUndefined();
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
