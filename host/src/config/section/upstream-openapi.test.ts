import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { upstreamsSection } from './upstreams.ts';

const schema = z.strictObject(upstreamsSection.shape);
const files = { absolute: (path: string) => `/etc/${path}`, keyText: () => '' };
const document = 'pets.yaml';

const finished = (openapi: object) =>
  upstreamsSection.finish(schema.parse({ upstreams: [{ id: 'up', openapi }] }), files).upstreams[0]?.openapi;
const problems = (openapi: object, more: object = {}) =>
  schema
    .safeParse({ upstreams: [{ id: 'up', openapi, ...more }] })
    .error?.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`) ?? [];

describe('openapi of an upstream', () => {
  it.each([
    { what: 'a file', openapi: { document }, is: { document: '/etc/pets.yaml', poll_ms: 5_000, on_problem: 'refuse' } },
    {
      what: 'a URL',
      openapi: { document: 'https://pets.example/openapi.json', origins: ['https://Files.example'] },
      is: { document: 'https://pets.example/openapi.json', poll_ms: 300_000, origins: ['https://files.example'] },
    },
    {
      what: 'a document',
      openapi: { document: { openapi: '3.1.0' } },
      is: { document: { openapi: '3.1.0' }, poll_ms: 0 },
    },
    { what: 'another interval', openapi: { document, poll_ms: 0 }, is: { poll_ms: 0 } },
  ])('[OAS-15] is read with $what', ({ openapi, is }) => {
    expect(finished(openapi)).toMatchObject(is);
  });

  it.each([
    { openapi: {}, path: 'openapi.document' },
    { openapi: { document: 'ftp://pets.example/a.json' }, path: 'openapi.document' },
    { openapi: { document: 'https://me:pw@pets.example/a.json' }, path: 'openapi.document' },
    { openapi: { document, base_url: 'https://pets.example/?key=1' }, path: 'openapi.base_url' },
    { openapi: { document, base_url: 'https://me:pw@pets.example/' }, path: 'openapi.base_url' },
    { openapi: { document, base_url: '/v1' }, path: 'openapi.base_url' },
    { openapi: { document, origins: ['ftp://files.example'] }, path: 'openapi.origins.0' },
    { openapi: { document, allow_private: ['10.0.0.0'] }, path: 'openapi.allow_private.0' },
    { openapi: { document, headers: { 'a b': 'c' } }, path: 'openapi.headers.a b' },
    { openapi: { document, names: { list: 'not a name' } }, path: 'openapi.names.list' },
    { openapi: { document, digest: 'sha256:abc' }, path: 'openapi.digest' },
    { openapi: { document, retries: 9 }, path: 'openapi.retries' },
    { openapi: { document, other: 1 }, path: 'openapi' },
  ])('[OAS-15] is refused: $openapi', ({ openapi, path }) => {
    expect(problems(openapi)).toEqual([expect.stringMatching(new RegExp(`^${path.replaceAll('.', '\\.')}: `))]);
  });

  it('[OAS-19] does not go with an auth of another place', () => {
    const auth = { static: { secret: 'key' }, env: 'TOKEN' };
    const headers = { Authorization: 'Bearer x' };
    expect(problems({ document, headers }, { auth })).toEqual([
      'auth.env: env is for upstreams over stdio: remove it',
      'openapi.headers.Authorization: auth sets the header authorization: remove it here',
    ]);
    expect(problems({ document }, { http: { url: 'https://up.example' } })).toEqual([
      expect.stringMatching(/expected exactly one of stdio, http, openapi; found 2/),
    ]);
  });

  it('[OAS-19] names secrets that exist', () => {
    const upstreams = [{ id: 'up', openapi: { document, security: { key: 'pets' } } }];
    expect(upstreamsSection.problems?.({ upstreams, secrets: [{ name: 'pet', env: 'X' }] })).toMatchObject([
      {
        path: ['upstreams', 0, 'openapi', 'security', 'key'],
        message: 'unknown secret: pets',
        hint: 'did you mean pet?',
      },
    ]);
  });
});
