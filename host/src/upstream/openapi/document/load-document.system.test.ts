import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';
import { createFileReader } from './document-reader.ts';
import { loadDocument } from './load-document.ts';

const signal = new AbortController().signal;

/** Writes files, of which the first is the main document, and loads it. */
async function load(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  for (const [name, target] of Object.entries(links)) await symlink(join(folder, target), join(folder, name));
  const main = join(folder, Object.keys(files)[0] ?? '');
  const loaded = await loadDocument(pathToFileURL(main).href, {
    ...{ upstream: 'api', signal, reader: createFileReader(main) },
  });
  return loaded?.document;
}

const info = 'info: {title: T, version: "1"}';
const whole = (rest: string, version = '3.1.0') => ({ 'api.yaml': `openapi: ${version}\n${info}\n${rest}` });
const problemsOf = async (rest: string, version?: string) =>
  (await load(whole(rest, version)))?.problems.map(({ at, message }) => `${at} ${message}`);

describe('a document', () => {
  it.each(['3.0.0', '3.0.4', '3.1.0', '3.1.2', '3.2.0'])(
    '[OAS-01] of version %s is read, in YAML and JSON',
    async version => {
      const paths = { '/a': { get: { responses: { 200: { description: 'ok' } } } } };
      const value = { openapi: version, info: { title: 'T', version: '1' }, paths };
      expect((await load({ 'api.json': JSON.stringify(value) }))?.problems).toEqual([]);
      const yaml = `paths:\n  /a:\n    get:\n      responses:\n        "200": {description: ok}`;
      const document = await load(whole(yaml, version));
      expect(document?.problems).toEqual([]);
      expect(document?.root).toEqual(value);
    },
  );

  it.each([
    { what: 'is Swagger 2', text: `swagger: "2.0"\n${info}`, details: { version: '2.0' } },
    { what: 'is of a later version', text: `openapi: 4.0.0\n${info}`, details: { version: '4.0.0' } },
    { what: 'has no version', text: info, details: { version: 'none' } },
    {
      what: 'has a number as version',
      text: `openapi: 3.1\n${info}`,
      details: { hint: expect.stringContaining('"3.1.0"') },
    },
  ])('[OAS-02] that $what is refused, with what to do', async ({ text, details }) => {
    const refused = load({ 'api.yaml': text });
    await expect(refused).rejects.toMatchObject({ code: 'openapi_version', details });
    await expect(refused).rejects.toMatchObject({ hint: expect.stringMatching(/swagger2openapi|as a text/) });
  });

  it.each([
    { what: 'a list', text: '[1]', hint: 'it is not an object in JSON or YAML' },
    { what: 'empty', text: '', hint: 'it is not an object in JSON or YAML' },
    { what: 'a page', text: '<!doctype html>\n<html><body class="a: b">', hint: /./ },
    { what: 'broken JSON', text: '{"openapi": "3.1.0", "info": {', hint: /./ },
    { what: 'YAML with a name twice', text: `openapi: 3.1.0\n${info}\n${info}`, hint: /unique/ },
  ])('[OAS-02] that is $what is refused', async ({ text, hint }) => {
    const refused = await load({ 'api.yaml': text }).catch(error => error);
    expect(refused).toMatchObject({ code: expect.stringMatching(/^openapi_(unreadable|version)$/) });
    if (refused.code === 'openapi_unreadable') expect(refused.hint).toMatch(hint);
  });

  it('[OAS-02] reports all problems of its structure at once, each with its place', async () => {
    const problems = await problemsOf(
      `paths:
  /a:
    get:
      parameters: [{in: path, name: x}, {in: header}]
      requestBody: {}
      responses: {}
  b: {}
components:
  schemas: {A b: {type: string}}
  responses: {R: {}}`,
    );
    expect(problems).toEqual([
      '#/paths/~1a/get/parameters/0 missing: schema or content',
      '#/paths/~1a/get/parameters/1 missing: name, schema or content',
      '#/paths/~1a/get/requestBody missing: content',
      '#/paths/~1a/get/responses missing: default',
      '#/paths/~1a/get/responses must NOT have fewer than 1 properties',
      '#/paths unknown member b',
      '#/components/schemas must match pattern "^[a-zA-Z0-9._-]+$"',
      '#/components/responses/R missing: description',
    ]);
  });

  it('[OAS-02] of 3.0 gets the same kind of report, without what alternatives say about each other', async () => {
    const problems = await problemsOf('paths: {/a: {get: {parameters: [{in: quer, name: x}]}}}', '3.0.3');
    expect(problems).toEqual([
      '#/paths/~1a/get missing: responses',
      '#/paths/~1a/get/parameters/0 missing: required, schema or content',
      '#/paths/~1a/get/parameters/0/in expected one of path, query, header, cookie',
    ]);
  });
});

describe('a hostile document', () => {
  it.each([
    {
      what: 'whose aliases expand to billions',
      text: ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
        .concat(
          Array.from({ length: 20 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join(', ')}]`),
        )
        .join('\n'),
      hint: /alias|expands/,
    },
    { what: 'of five million brackets', text: '['.repeat(5_000_000), hint: /nested/ },
    {
      what: 'of five million brackets in JSON',
      text: `{"a":${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}}`,
      hint: /nested/,
    },
    { what: 'of dashes on one line', text: '- '.repeat(100_000), hint: /nested/ },
    { what: 'with an alias of itself', text: 'a: &a [*a]', hint: /./ },
  ])('[OAS-03] $what ends quickly with an error', async ({ text, hint }) => {
    const began = performance.now();
    await expect(load({ 'api.yaml': text })).rejects.toMatchObject({
      code: 'openapi_unreadable',
      hint: expect.stringMatching(hint),
    });
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it('[OAS-03] with millions of problems reports a hundred', async () => {
    const members = Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`m${at}`, 1]));
    const value = {
      openapi: '3.1.0',
      info: { title: 'T', version: '1' },
      paths: { '/a': { get: members, post: members } },
    };
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`/p${at}`, { get: { a: 1 } }]));
    expect((await load({ 'api.json': JSON.stringify(value) }))?.problems.length).toBeLessThanOrEqual(100);
    expect((await load({ 'api.json': JSON.stringify({ ...value, paths: many }) }))?.problems).toHaveLength(100);
  });

  it('[OAS-03] of ten megabytes is read', async () => {
    const operation = { description: 'x'.repeat(10_000), responses: { 200: { description: 'ok' } } };
    const paths = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`/p${at}`, { get: operation }]));
    const text = JSON.stringify({ openapi: '3.0.0', info: { title: 'T', version: '1' }, paths });
    expect(text.length).toBeGreaterThan(10_000_000);
    expect((await load({ 'api.json': text }))?.problems).toEqual([]);
  });
});

describe('a reference', () => {
  const main = (ref: string) => `openapi: 3.1.0\n${info}\npaths: {/a: {$ref: "${ref}"}}`;
  const pets = 'get: {operationId: pets, responses: {"200": {$ref: "shared/all.json#/ok"}}}';
  const shared =
    '{"ok": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/A"}}}}, "A": {"type": "string"}}';

  it('[OAS-04] leads to other documents in the folder', async () => {
    const document = await load({
      'api.yaml': main('paths/pets.yaml'),
      'paths/pets.yaml': pets.replace('shared', '../shared'),
      'shared/all.json': shared,
    });
    const item = document?.follow((document.root.paths as never)['/a'], document.url);
    expect(item?.value).toMatchObject({ get: { operationId: 'pets' } });
    expect(document?.placeOf(item?.url ?? '')).toBe('paths/pets.yaml');
  });

  it.each([
    { what: 'another folder', ref: '../secret.yaml', hint: /not in the folder|no such file/ },
    { what: 'a file that does not exist', ref: 'missing.yaml', hint: /no such file/ },
    { what: 'a link to another folder', ref: 'link.yaml', hint: /not in the folder/ },
    { what: 'a URL', ref: 'http://127.0.0.1:1/a.yaml', hint: /cannot refer to a URL/ },
    { what: 'a folder', ref: 'paths', hint: /folder/ },
    { what: 'something that is not YAML', ref: 'odd.yaml', hint: /./ },
  ])('[OAS-04] to $what is refused', async ({ ref, hint }) => {
    const files = {
      'main/api.yaml': main(ref),
      'main/paths/a.yaml': 'a: 1',
      'main/odd.yaml': '{{{',
      'secret.yaml': 'a: 1',
    };
    const refused = load(files, { 'main/link.yaml': 'secret.yaml' });
    await expect(refused).rejects.toMatchObject({ code: 'openapi_unreadable', hint: expect.stringMatching(hint) });
  });

  it('[OAS-04] among data is not followed', async () => {
    const document = await load(
      whole(
        'paths: {}\ncomponents: {schemas: {A: {example: {$ref: "missing.yaml"}, properties: {example: {type: string}}}}}',
      ),
    );
    expect(document?.root).toMatchObject({ components: { schemas: { A: { example: { $ref: 'missing.yaml' } } } } });
  });
});
