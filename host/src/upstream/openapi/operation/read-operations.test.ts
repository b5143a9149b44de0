import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../core/json.ts';
import { schemaError } from '../../../core/json-schema.ts';
import { OpenapiDocument } from '../document/openapi-document.ts';
import { readOperations } from './read-operations.ts';
import { selectorOf } from './select.ts';
import { toolOf } from './tool.ts';

const ok = { responses: { 200: { description: 'ok' } } };
const url = 'https://api.example.com/openapi.json';

interface Settings {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  readonly longestName?: number;
}

function read(rest: JsonObject, { include = [], exclude = [], names = {}, longestName = 64 }: Settings = {}) {
  const document = new OpenapiDocument(url);
  document.add(url, { openapi: '3.1.0', info: { title: 'T', version: '1' }, ...rest });
  return readOperations(document, {
    upstream: 'up',
    include: include.map(selectorOf),
    exclude: exclude.map(selectorOf),
    names: new Map(Object.entries(names)),
    longestName,
  });
}

const namesOf = (rest: JsonObject, settings?: Settings) => read(rest, settings).map(({ operation }) => operation.name);

describe('the name of a tool', () => {
  const long = 'a'.repeat(70);

  it.each([
    { what: 'is the id', paths: { '/a': { get: { operationId: 'listPets', ...ok } } }, names: ['listPets'] },
    {
      what: 'is made of method and path',
      paths: { '/pets/{id}/toys.json': { get: ok } },
      names: ['get_pets_id_toys_json'],
    },
    {
      what: 'has no other characters',
      paths: { '/a': { get: { operationId: 'pets/list all', ...ok } } },
      names: ['pets_list_all'],
    },
    {
      what: 'is made of the path if the id has nothing else',
      paths: { '/a': { get: { operationId: 'ÄÖ', ...ok } } },
      names: ['get_a'],
    },
    {
      what: 'of a long id is cut',
      paths: { '/a': { get: { operationId: long, ...ok } } },
      names: [`${'a'.repeat(55)}_f302dfbc`],
    },
    {
      what: 'is unique where two ids become one',
      paths: {
        '/a': {
          get: { operationId: 'a.b', ...ok },
          post: { operationId: 'a_b', ...ok },
          put: { operationId: 'a b', ...ok },
        },
      },
      names: [expect.stringMatching(/^a_b_[0-9a-f]{8}$/), expect.stringMatching(/^a_b_[0-9a-f]{8}$/), 'a_b'],
    },
  ])('[OAS-05] $what', ({ paths, names }) => {
    const found = namesOf({ paths });
    expect(found).toEqual(names);
    expect(new Set(found).size).toBe(found.length);
    for (const name of found) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  });

  it('[OAS-05] is what the operator says, by id or by method and path, and fits beside a prefix', () => {
    const paths = {
      '/a': { get: { operationId: 'one', ...ok }, post: ok },
      '/b': { get: { operationId: 'x'.repeat(60), ...ok } },
    };
    expect(namesOf({ paths }, { names: { one: 'first', 'POST /a': 'second' } }).slice(0, 2)).toEqual([
      'first',
      'second',
    ]);
    expect(namesOf({ paths }, { longestName: 20 }).map(name => name.length)).toEqual([3, 6, 20]);
  });

  it('[OAS-05] does not depend on the order of the document', () => {
    const [a, b] = [{ get: { operationId: 'x.y', ...ok } }, { get: { operationId: 'x y', ...ok } }];
    expect(namesOf({ paths: { '/a': a, '/b': b } })).toEqual(namesOf({ paths: { '/b': b, '/a': a } }).toReversed());
  });
});

describe('the choice of operations', () => {
  const paths = {
    '/pets': {
      get: { operationId: 'listPets', tags: ['pets'], ...ok },
      post: { operationId: 'addPet', tags: ['pets'], ...ok },
    },
    '/pets/{id}': {
      delete: { operationId: 'removePet', ...ok },
      parameters: [{ name: 'id', in: 'path', required: true, schema: {} }],
    },
    '/admin/users': { get: { operationId: 'users', tags: ['admin'], ...ok } },
  };

  it.each([
    { include: ['tag:pets'], exclude: [], names: ['listPets', 'addPet'] },
    { include: ['GET *', 'GET /**'], exclude: [], names: ['listPets', 'users'] },
    { include: [], exclude: ['* /admin/**', 'remove*'], names: ['listPets', 'addPet'] },
    { include: ['get /pets', '*Pet'], exclude: ['POST /pets'], names: ['listPets', 'removePet'] },
    { include: ['* /pets/*'], exclude: [], names: ['removePet'] },
  ])('[OAS-06] is by id, path or tag: $include without $exclude', ({ include, exclude, names }) => {
    expect(namesOf({ paths }, { include, exclude })).toEqual(names);
  });
});

/** Reads the schema of a parameter as the input schema of a tool. */
function inputOf(schema: Json, rest: JsonObject = {}, version = '3.1.0') {
  const parameters = [{ name: 'x', in: 'query', schema }];
  const [first] = read({ openapi: version, paths: { '/a': { get: { parameters, ...ok } } }, ...rest });
  const { $defs, properties } = (first?.operation.input ?? {}) as JsonObject;
  return {
    x: (properties as JsonObject).x,
    $defs,
    problems: first?.problems,
    input: first?.operation.input as JsonObject,
  };
}

describe('the input schema', () => {
  it('[OAS-07] merges parameters of all places and the body, and renames what would clash', () => {
    const parameter = (name: string, place: string) => ({
      name,
      in: place,
      required: place === 'path',
      schema: { type: 'string', description: place },
    });
    const [first] = read({
      paths: {
        '/pets/{id}/{body}': {
          parameters: [parameter('id', 'path'), parameter('shared', 'query')],
          post: {
            parameters: [
              parameter('id', 'query'),
              parameter('id', 'header'),
              parameter('body', 'path'),
              { $ref: '#/components/parameters/P' },
            ],
            requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
            ...ok,
          },
        },
      },
      components: { parameters: { P: { ...parameter('shared', 'query'), required: true } } },
    });
    const { properties, ...rest } = (first?.operation.input ?? {}) as JsonObject;
    expect(Object.keys(properties as JsonObject)).toEqual([
      'id',
      'query_id',
      'header_id',
      'body',
      'shared',
      'request_body',
    ]);
    expect(rest).toEqual({
      type: 'object',
      required: ['id', 'body', 'shared', 'request_body'],
      additionalProperties: false,
    });
    expect(first?.problems).toEqual([]);
  });

  it.each([
    { old: { type: 'string', nullable: true }, is: { type: ['string', 'null'] } },
    { old: { type: 'string', nullable: true, enum: ['a'] }, is: { type: ['string', 'null'], enum: ['a', null] } },
    {
      old: { nullable: true, allOf: [{ type: 'string' }] },
      is: { anyOf: [{ allOf: [{ type: 'string' }] }, { type: 'null' }] },
    },
    { old: { type: 'integer', minimum: 1, exclusiveMinimum: true }, is: { type: 'integer', exclusiveMinimum: 1 } },
    { old: { type: 'integer', maximum: 1, exclusiveMaximum: false }, is: { type: 'integer', maximum: 1 } },
    {
      old: { type: 'string', format: 'byte', example: 'eA==', xml: { name: 'x' } },
      is: { type: 'string', contentEncoding: 'base64' },
    },
    { old: { type: 'string', 'x-internal': true, externalDocs: { url: 'https://a.example' } }, is: { type: 'string' } },
    {
      old: { type: 'object', properties: { nullable: { type: 'string', nullable: true } } },
      is: { type: 'object', properties: { nullable: { type: ['string', 'null'] } } },
    },
  ])('[OAS-08] of 3.0 becomes JSON Schema: $old', ({ old, is }) => {
    expect(inputOf(old as unknown as Json, {}, '3.0.3').x).toEqual(is);
  });

  it('[OAS-08] has what references lead to in their place, with what stands beside them', () => {
    const components = {
      schemas: { A: { type: 'object', properties: { b: { $ref: '#/components/schemas/B' } } }, B: { type: 'string' } },
    };
    const a = { type: 'object', properties: { b: { type: 'string' } } };
    expect(inputOf({ $ref: '#/components/schemas/A' }, { components })).toMatchObject({
      x: a,
      $defs: undefined,
      problems: [],
    });
    expect(inputOf({ $ref: '#/components/schemas/A', description: 'd' }, { components }).x).toEqual({
      ...a,
      description: 'd',
    });
    expect(inputOf({ $ref: '#/components/schemas/B', maxLength: 3 }, { components }).x).toEqual({
      maxLength: 3,
      allOf: [{ type: 'string' }],
    });
    expect(inputOf({ $ref: '#/components/schemas/B', maxLength: 3 }, { components }, '3.0.0').x).toEqual({
      type: 'string',
    });
  });

  it('[OAS-08] keeps circles of references in $defs, and loses nothing', () => {
    const node = {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string' },
        next: { $ref: '#/components/schemas/Node' },
        tree: { $ref: '#/components/schemas/Tree' },
      },
    };
    const tree = {
      type: 'object',
      properties: { nodes: { type: 'array', items: { $ref: '#/components/schemas/Node' } } },
    };
    const { $defs, input, problems } = inputOf(
      { $ref: '#/components/schemas/Node' },
      { components: { schemas: { Node: node, Tree: tree } } },
    );
    expect(problems).toEqual([]);
    expect(Object.keys($defs as JsonObject)).toContain('Node');
    const chain = (depth: number, last: JsonObject): JsonObject =>
      depth === 0 ? last : { name: 'n', next: chain(depth - 1, last) };
    expect(schemaError(input, { x: chain(30, { name: 'end' }) })).toBeUndefined();
    expect(schemaError(input, { x: chain(30, { name: 1 }) })).toMatchObject({ reason: expect.any(String) });
    expect(
      schemaError(input, { x: { name: 'n', tree: { nodes: [{ name: 'a', tree: { nodes: [{}] } }] } } }),
    ).toMatchObject({ reason: expect.any(String) });
  });

  it('[OAS-08] of schemas that multiply stays small, and still refuses what does not match', async () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => {
        const next = { $ref: `#/components/schemas/S${at + 1}` };
        return [
          `S${at}`,
          at === 19 ? { type: 'string' } : { type: 'object', properties: { a: next, b: next, c: next } },
        ];
      }),
    );
    const { input } = inputOf({ $ref: '#/components/schemas/S0' }, { components: { schemas } });
    expect(JSON.stringify(input).length).toBeLessThan(200_000);
    const deep = (at: number): Json => (at === 19 ? 1 : { a: deep(at + 1) });
    // On a busy machine one attempt may exceed the deadline of the check, which keeps that in mind for the same object.
    await expect
      .poll(() => schemaError(structuredClone(input), { x: deep(0) }))
      .toMatchObject({ reason: expect.any(String) });
  });

  it.each([
    { schema: { minimum: 5, maximum: 3 }, message: 'no value can match: minimum is 5 and maximum is 3' },
    {
      schema: { exclusiveMinimum: 3, maximum: 3 },
      message: 'no value can match: exclusiveMinimum is 3 and maximum is 3',
    },
    { schema: { minLength: 2, maxLength: 1 }, message: 'no value can match: minLength is 2 and maxLength is 1' },
    { schema: { enum: [] }, message: 'no value can match: enum is empty' },
    { schema: { type: 'strng' }, message: expect.stringContaining('expected one of array, boolean'), at: '/type' },
    {
      schema: { $ref: '#/components/schemas/None' },
      message: expect.stringContaining('does not exist: #/components/schemas/None'),
      at: '/$ref',
    },
    { schema: { properties: { a: 1 } }, message: 'expected a schema', at: '/properties/a' },
  ])('[OAS-09] reports $schema with its place', ({ schema, message, at = '' }) => {
    expect(inputOf(schema as Json).problems).toEqual([{ at: `#/paths/~1a/get/parameters/0/schema${at}`, message }]);
  });

  it('[OAS-08] leaves out what only answers have, and the output what only requests have', () => {
    const schema = {
      type: 'object',
      required: ['id', 'password', 'name'],
      properties: {
        id: { type: 'integer', readOnly: true },
        password: { type: 'string', writeOnly: true },
        name: { type: 'string' },
      },
    };
    const content = { 'application/json': { schema } };
    const post = { requestBody: { content }, responses: { 201: { description: 'ok', content } } };
    const [first] = read({ paths: { '/a': { post } } });
    expect((first?.operation.input.properties as JsonObject | undefined)?.body).toMatchObject({
      required: ['password', 'name'],
    });
    expect(first?.operation.output.schema).toMatchObject({
      required: ['id', 'name'],
      properties: { id: {}, name: {} },
    });
  });
});

describe('an operation', () => {
  it.each([
    {
      what: 'two parameters of one name and place',
      paths: {
        '/a': {
          get: {
            parameters: [
              { name: 'x', in: 'query', schema: {} },
              { name: 'x', in: 'query', schema: {} },
            ],
            ...ok,
          },
        },
      },
      problem: { at: '#/paths/~1a/get/parameters/1', message: 'a second parameter x in query' },
    },
    {
      what: 'a name in its path that no parameter has',
      paths: { '/a/{id}': { get: ok } },
      problem: { at: '#/paths/~1a~1{id}/get', message: 'no parameter describes {id} of the path /a/{id}' },
    },
    {
      what: 'a path parameter that is not in the path',
      paths: { '/a': { get: { parameters: [{ name: 'id', in: 'path', required: true, schema: {} }], ...ok } } },
      problem: { at: '#/paths/~1a/get/parameters/0', message: 'the path /a has no {id}' },
    },
    {
      what: 'a parameter that does not exist',
      paths: { '/a': { get: { parameters: [{ $ref: '#/components/parameters/None' }], ...ok } } },
      problem: { at: '#/paths/~1a/get/parameters/0/$ref', message: expect.stringContaining('does not exist') },
    },
    {
      what: 'the id of another',
      paths: { '/a': { get: { operationId: 'x', ...ok } }, '/b': { get: { operationId: 'x', ...ok } } },
      problem: { at: '#/paths/~1b/get/operationId', message: 'another operation has the id x' },
    },
  ])('[OAS-09] with $what is reported', ({ paths, problem }) => {
    expect(read({ paths }).flatMap(({ problems }) => problems)).toEqual([problem]);
  });

  it.each([
    { method: 'get', annotations: { readOnlyHint: true, idempotentHint: true } },
    { method: 'head', annotations: { readOnlyHint: true, idempotentHint: true } },
    { method: 'put', annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true } },
    { method: 'delete', annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true } },
    { method: 'patch', annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false } },
    { method: 'post', annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false } },
  ])('[OAS-10] has the annotations of its method: $method', ({ method, annotations }) => {
    const [first] = read({
      paths: { '/a': { [method]: { summary: 'Sum', description: 'More.', deprecated: true, ...ok } } },
    });
    const tool = first && toolOf(first.operation, true);
    expect(tool).toMatchObject({ title: 'Sum', description: 'Deprecated. Sum\n\nMore.' });
    expect(tool?.annotations).toEqual({ title: 'Sum', openWorldHint: true, ...annotations });
  });

  it.each([
    { what: 'an object', schema: { type: 'object' }, output: { type: 'object' } },
    {
      what: 'a list',
      schema: { type: 'array' },
      output: { type: 'object', properties: { result: { type: 'array' } }, required: ['result'] },
    },
  ])('[OAS-11] that returns $what has an output schema', ({ schema, output }) => {
    const responses = { 200: { description: 'ok', content: { 'application/json': { schema } } } };
    const [first] = read({ paths: { '/a': { get: { responses } } } });
    expect(first?.operation.output.schema).toEqual(output);
  });

  it('[OAS-11] whose success may have no body has no output schema', () => {
    const content = { 'application/json': { schema: { type: 'object' } } };
    const responses = { 200: { description: 'ok', content }, 204: { description: 'nothing' } };
    const [first] = read({ paths: { '/a': { get: { responses } } } });
    expect(first?.operation.output).toEqual({ isWrapped: false, accept: ['application/json'] });
  });

  it('[OAS-01] of 3.2 may have any method', () => {
    const paths = { '/a': { query: ok, additionalOperations: { COPY: ok, TRACE: ok } } };
    expect(read({ openapi: '3.2.0', paths }).map(({ operation }) => operation.key)).toEqual(['QUERY /a', 'COPY /a']);
  });
});
