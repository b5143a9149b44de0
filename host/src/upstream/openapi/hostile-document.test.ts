import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../../../test/fixtures/cpu-ms.ts';
import type { JsonObject } from '../../core/json.ts';
import { OpenapiDocument } from './document/openapi-document.ts';
import { parseText } from './document/parse-text.ts';
import { readOperations } from './operation/read-operations.ts';
import { ApiResources } from './resource/api-resources.ts';
import { serverUrl } from './server-url.ts';

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

function read(paths: JsonObject, schemas: JsonObject = {}) {
  const document = new OpenapiDocument('https://api.example.com/openapi.json');
  document.add(document.url, { openapi: '3.1.0', info: {}, paths, components: { schemas } });
  return readOperations(document, { upstream: 'up', include: [], exclude: [], names: new Map(), longestName: 64 });
}

const responses = { 200: { description: 'ok' } };
const withBody = (type: string, schema: JsonObject): JsonObject => ({
  '/p': { post: { requestBody: { content: { [type]: { schema } } }, responses } },
});

/** Each of these took minutes of CPU, or did not end. */
describe('a hostile document is read quickly [OAS-03]', () => {
  const work: Readonly<Record<string, () => unknown>> = {
    'a form whose schema combines itself many times': () =>
      read(withBody('multipart/form-data', { $ref: '#/components/schemas/a' }), {
        a: { allOf: range(50).map(() => ({ $ref: '#/components/schemas/a' })) },
      }),
    'an id of many underscores': () =>
      read({ '/p': { get: { operationId: `a${'_'.repeat(1_000_000)}a`, responses } } }),
    'a server of many slashes': () => {
      const document = new OpenapiDocument('file:///openapi.json');
      document.add(document.url, { servers: [{ url: `https://a.example/${'/'.repeat(1_000_000)}a` }] });
      return serverUrl(document, { variables: {} });
    },
    'properties that only responses have': () =>
      read(
        withBody('application/json', {
          properties: Object.fromEntries(range(100_000).map(each => [`p${each}`, { readOnly: true }])),
        }),
      ),
    'definitions of one name': () =>
      read(
        withBody('application/json', {
          properties: Object.fromEntries(
            range(18_000).map(each => [`p${each}`, { $ref: `#/components/schemas/s${each}/properties/a` }]),
          ),
        }),
        Object.fromEntries(range(18_000).map(each => [`s${each}`, { properties: { a: { type: 'string' } } }])),
      ),
  };
  it.each(Object.entries(work))('%s', (_, run) => {
    expect(cpuMs(run, 1)).toBeLessThan(20_000);
  });
});

describe('operations that refer to the same long parts have bounded schemas together [OAS-26]', () => {
  const long = { properties: Object.fromEntries(range(1_000).map(each => [`p${each}`, { type: 'string' }])) };
  const longer = { properties: Object.fromEntries(range(6_000).map(each => [`p${each}`, {}])) };
  const pathsOf = (count: number, operation: JsonObject) =>
    Object.fromEntries(range(count).map(each => [`/p${each}`, { post: operation }]));
  const json = (schema: JsonObject) => ({ content: { 'application/json': { schema } } });
  const reference = { $ref: '#/components/schemas/long' };
  const answersWith = (schema: JsonObject) => ({ responses: { 200: { description: 'ok', ...json(schema) } } });

  it('keep their inputs, and lose output schemas', () => {
    const operations = read(pathsOf(1_000, { requestBody: json({ type: 'object' }), ...answersWith(reference) }), {
      long: { ...long, type: 'object' },
    });
    const [first, last] = [operations[0], operations.at(-1)];
    expect(first?.operation.output.schema).toMatchObject({ properties: { p999: { type: 'string' } } });
    expect(last?.operation.output).toEqual({ isWrapped: false, accept: ['application/json'] });
    expect(last?.operation.input).toMatchObject({ properties: { body: { type: 'object' } } });
    expect(last?.warnings).toEqual(['its output schema is too large: the tool has none']);
    expect(JSON.stringify(operations.map(({ operation }) => operation.output)).length).toBeLessThan(32 * 1024 * 1024);
  });

  it('lose an output schema that is too large alone', () => {
    const [only] = read(pathsOf(1, answersWith(longer)));
    expect(only?.operation.output.schema).toBeUndefined();
  });

  const enumOf = { enum: range(1_000).map(each => 'x'.repeat(100) + each) };
  const parameters = range(1_000).map(each => ({ name: `q${each}`, in: 'query', schema: {} }));
  it.each([
    ['by values of their bodies', 1_000, { requestBody: json(reference) }, long],
    ['by characters of their bodies', 1_000, { requestBody: json(reference) }, enumOf],
    [
      'by fields of their forms',
      1_000,
      { requestBody: { content: { 'multipart/form-data': { schema: reference } } } },
      long,
    ],
    ['by parameters', 1_000, { parameters }, {}],
    ['by their number', 10_001, {}, {}],
  ])('are refused if they are too large %s', (_, count, operation, schema) => {
    expect(() => read(pathsOf(count, { responses, ...operation }), { long: schema })).toThrow(
      expect.objectContaining({
        code: 'openapi_unusable',
        details: expect.objectContaining({ path: 'openapi.include' }),
      }),
    );
  });
});

it('does not expand aliases of a long text without end [OAS-03]', () => {
  const text = `a: &a "${'x'.repeat(1024 * 1024)}"\nb: [${range(100).map(() => '*a')}]\n`;
  expect(() => parseText(text)).toThrow(/characters/);
});

it('offers no resources whose URIs would be divided in too many ways [OAS-23]', () => {
  const parametersOf = (path: string) =>
    [...path.matchAll(/\{(\w)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: {} }));
  const paths = ['/{a}', '/{a}...{b}', '/{a},{b},{c}', '/{a}-{b}/{c}-{d}'];
  const operations = read(
    Object.fromEntries(
      paths.map(path => [path, { get: { parameters: parametersOf(path) as JsonObject[], responses } }]),
    ),
  ).map(({ operation }) => ({ operation, base: 'https://api.example.com', tool: {} }));
  expect(new ApiResources('up', operations).templates.map(({ uriTemplate }) => uriTemplate)).toEqual([
    'openapi://up/{a}',
    'openapi://up/{a}...{b}',
  ]);
});

it('has no server with a wildcard, which would be a rule for many [OAS-18]', () => {
  const document = new OpenapiDocument('file:///openapi.json');
  document.add(document.url, { servers: [{ url: 'https://*.example.com/v1' }] });
  expect(serverUrl(document, { variables: {} })).toMatchObject({ why: expect.stringContaining('wildcard') });
});
