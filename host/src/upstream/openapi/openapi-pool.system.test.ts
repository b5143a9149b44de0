import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ApiAnswer, startHttpApi } from '../../../../test/fixtures/http-api.ts';
import { keep } from '../../../../test/fixtures/keep.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { startTokenServer } from '../../../../test/fixtures/token-server.ts';
import type { JsonObject } from '../../core/json.ts';
import { createPrincipal } from '../../identity/principal.ts';
import type { Notification } from '../../mcp/message.ts';
import type { RequestOptions } from '../upstream.ts';
import { createOpenapiPool, type OpenapiContext, type OpenapiUpstreamEntry } from './create-openapi-pool.ts';
import type { OpenapiEntry } from './openapi-entry.ts';

const defaults: OpenapiEntry = {
  document: '',
  ...{ variables: {}, origins: [], allow_private: [], headers: {}, security: {}, include: [], exclude: [], names: {} },
  ...{ on_problem: 'refuse', output_schemas: true, resources: false, retries: 2, poll_ms: 0 },
};

const ok = { 200: { description: 'ok' } };
const json = (schema: object) => ({ 200: { description: 'ok', content: { 'application/json': { schema } } } });
const operation = (operationId: string, more: object = {}) => ({ operationId, responses: ok, ...more });
const documentOf = (paths: object, more: object = {}) =>
  JSON.stringify({ openapi: '3.1.0', info: { title: 'Pets', version: '7' }, paths, ...more });

interface Opening {
  readonly answer?: ApiAnswer;
  readonly entry?: Partial<OpenapiEntry>;
  readonly auth?: OpenapiUpstreamEntry['auth'];
  readonly context?: OpenapiContext;
}

/** Opens an upstream with a document in a file, and an API on this machine. */
async function open(document: string, { answer, entry, auth, context }: Opening = {}) {
  const api = keep(await startHttpApi(answer));
  const file = join(await temporaryFolder(), 'api.json');
  await writeFile(file, document);
  const openapi = { ...defaults, document: file, base_url: api.url, ...entry };
  const pool = keep(createOpenapiPool({ id: 'pets', openapi, auth }, { startTimeoutMs: 60_000, ...context }));
  const upstream = pool.open();
  const call = async (name: string, values: object = {}, options?: RequestOptions) =>
    (await upstream.request('tools/call', { name, arguments: values } as JsonObject, options)) as {
      readonly result?: JsonObject & { readonly content: readonly JsonObject[] };
      readonly error?: { readonly code: number };
    };
  const tools = async () => (await upstream.request('tools/list')).result?.tools as readonly JsonObject[];
  return { api, file, pool, upstream, call, tools };
}

describe('an upstream with an OpenAPI document', () => {
  it('[OAS-15] offers its operations as tools, and calls them', async () => {
    const paths = {
      '/pets/{id}': {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        get: operation('getPet', { responses: json({ type: 'object', required: ['name'] }) }),
        delete: operation('removePet', { responses: { 204: { description: 'gone' } } }),
      },
    };
    const { api, upstream, call, tools } = await open(documentOf(paths), {
      answer: ({ method }, response) =>
        method === 'GET' ? { name: 'Rex', age: 725653563933458 } : void response.writeHead(204).end(),
    });
    expect(await tools()).toMatchObject([
      {
        name: 'getPet',
        inputSchema: { required: ['id'] },
        outputSchema: { required: ['name'] },
        annotations: { readOnlyHint: true },
      },
      { name: 'removePet', annotations: { destructiveHint: true } },
    ]);
    expect(upstream.serverInfo).toMatchObject({
      implementation: { title: 'Pets', version: '7' },
      capabilities: { tools: {} },
    });
    expect((await call('getPet', { id: 'a/b' })).result).toMatchObject({
      content: [{ type: 'text', text: '{"name":"Rex","age":725653563933458}' }],
      structuredContent: { name: 'Rex' },
    });
    expect((await call('removePet', { id: '1' })).result).toMatchObject({
      content: [{ text: 'HTTP status 204, without a body' }],
      _meta: { 'sallyport/http': { status: 204 } },
    });
    expect(api.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /pets/a%2Fb', 'DELETE /pets/1']);
    expect((await call('other')).error).toMatchObject({ code: -32602 });
    expect((await upstream.request('prompts/list')).error).toMatchObject({ code: -32601 });
  });

  it.each([
    { what: 'misses an argument', values: {}, text: /The arguments are invalid.*"?id"?/ },
    { what: 'has an unknown argument', values: { id: '1', other: 1 }, text: /arguments are invalid/ },
    { what: 'has an argument of another type', values: { id: 1 }, text: /arguments are invalid: #\/id/ },
    { what: 'leads to another path', values: { id: '../admin' }, text: /leads to another path/ },
  ])('[OAS-13] does not send a call that $what', async ({ values, text }) => {
    const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }];
    const { api, call } = await open(documentOf({ '/pets/{id}': { parameters, get: operation('get') } }));
    expect((await call('get', values)).result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(text) }],
    });
    expect(api.requests).toEqual([]);
  });

  it('[OAS-15] waits for a body that comes long after its headers', async () => {
    const { call } = await open(documentOf({ '/slow': { get: operation('slow') } }), {
      answer: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
        setTimeout(() => response.end('done'), 3_000);
      },
    });
    expect((await call('slow')).result).toMatchObject({ content: [{ text: 'done' }] });
  });

  const list = { responses: json({ type: 'array', items: { type: 'integer' } }) };
  it.each<{ what: string; answer: ApiAnswer; result: object; more?: object }>([
    {
      what: 'a list',
      answer: () => [1, 2],
      result: { structuredContent: { result: [1, 2] }, content: [{ text: '[1,2]' }] },
    },
    {
      what: 'an error with a body',
      answer: (_, response) =>
        void response.writeHead(422, { 'content-type': 'application/json' }).end('{"detail":"no"}'),
      result: {
        isError: true,
        content: [{ text: 'HTTP status 422: {"detail":"no"}' }],
        _meta: { 'sallyport/http': { status: 422 } },
      },
    },
    {
      what: 'an error page',
      answer: (_, response) => void response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Oops</h1>'),
      result: { isError: true, content: [{ text: 'HTTP status 500: <h1>Oops</h1>' }] },
    },
    {
      what: 'HTML where JSON was expected',
      answer: (_, response) =>
        void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<h1>Login</h1>'),
      result: {
        isError: true,
        content: [
          { text: 'The API answered with text/html where JSON was expected (HTTP status 200): <h1>Login</h1>' },
        ],
      },
    },
    {
      what: 'text where JSON was expected',
      answer: (_, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('long text'),
      result: {
        isError: true,
        content: [{ text: expect.stringMatching(/The call succeeded.*text\/plain where JSON/) }, { text: 'long text' }],
      },
    },
    {
      what: 'broken JSON',
      answer: (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('[1,'),
      result: { isError: true, content: [{ text: expect.stringContaining('JSON that is not well-formed') }] },
    },
    {
      what: 'JSON that breaks its schema',
      answer: () => ['x'],
      result: {
        isError: true,
        content: [{ text: expect.stringMatching(/does not match the schema.*#\/result\/0/) }, { text: '["x"]' }],
      },
    },
    {
      what: 'JSON that breaks its schema, without output schemas',
      answer: () => ['x'],
      more: { output_schemas: false },
      result: { content: [{ text: '["x"]' }] },
    },
    {
      what: 'a page of several',
      answer: (_, response) => {
        response.setHeader('link', '</a?page=2>; rel="next"');
        return [1];
      },
      result: {
        content: [{ text: '[1]' }, { text: 'Link: </a?page=2>; rel="next"' }],
        _meta: { 'sallyport/http': { status: 200, headers: { link: '</a?page=2>; rel="next"' } } },
      },
    },
  ])('[OAS-16] passes on $what', async ({ answer, result, more }) => {
    const { call } = await open(documentOf({ '/a': { post: operation('a', list) } }), { answer, entry: { ...more } });
    const answered = (await call('a')).result;
    expect(answered).toMatchObject(result);
    expect(answered?.isError).toBe((result as { isError?: boolean }).isError);
    if (answered?.isError) expect(answered).not.toHaveProperty('structuredContent');
  });

  it.each([
    { type: 'text/plain; charset=iso-8859-1', body: Buffer.from([0xe4]), content: { type: 'text', text: 'ä' } },
    { type: 'text/csv', body: Buffer.from('a,b'), content: { type: 'text', text: 'a,b' } },
    { type: 'image/png', body: Buffer.from([1, 2]), content: { type: 'image', data: 'AQI=', mimeType: 'image/png' } },
    { type: 'audio/mpeg', body: Buffer.from([1]), content: { type: 'audio', data: 'AQ==', mimeType: 'audio/mpeg' } },
    {
      type: 'application/pdf',
      body: Buffer.from([1]),
      content: {
        type: 'resource',
        resource: { mimeType: 'application/pdf', blob: 'AQ==', uri: expect.stringMatching(/\/a$/) },
      },
    },
  ])('[OAS-16] passes on an answer of $type', async ({ type, body, content }) => {
    const answer: ApiAnswer = (_, response) => void response.writeHead(200, { 'content-type': type }).end(body);
    const { api, call } = await open(
      documentOf({
        '/a': { get: operation('a', { responses: { 200: { description: 'ok', content: { [type]: {} } } } }) },
      }),
      { answer },
    );
    expect((await call('a')).result?.content).toEqual([content]);
    expect(api.requests[0]?.headers.accept).toBe(`${type}, */*;q=0.1`);
  });

  it('[OAS-16] bounds an answer, and says which argument makes it smaller', async () => {
    const parameters = [{ name: 'per_page', in: 'query', schema: { type: 'integer' } }];
    const { call } = await open(documentOf({ '/a': { get: operation('a', { parameters }) } }), {
      answer: () => 'x'.repeat(10_000),
      context: { maxAnswerBytes: 5_000 },
    });
    expect((await call('a')).result).toMatchObject({
      isError: true,
      content: [{ text: 'The answer of the API is larger than 5000 bytes: ask for less, with per_page.' }],
    });
  });

  it.each([
    { method: 'get', retries: 2, sent: 3 },
    { method: 'put', retries: 1, sent: 2 },
    { method: 'delete', retries: 0, sent: 1 },
    { method: 'post', retries: 5, sent: 1 },
    { method: 'patch', retries: 5, sent: 1 },
  ])('[OAS-17] sends $method again only if that is safe', async ({ method, retries, sent }) => {
    for (const fail of ['status', 'connection']) {
      const { api, call } = await open(documentOf({ '/a': { [method]: operation('a') } }), {
        answer: (_, response) => (fail === 'status' ? void response.writeHead(503).end() : void response.destroy()),
        entry: { retries },
      });
      const called = call('a');
      if (fail === 'status')
        expect((await called).result).toMatchObject({ isError: true, content: [{ text: 'HTTP status 503' }] });
      else await expect(called).rejects.toMatchObject({ code: 'upstream_closed' });
      expect(api.requests).toHaveLength(sent);
    }
  });

  it('[OAS-17] returns the answer of a later attempt', async () => {
    const { call } = await open(documentOf({ '/a': { get: operation('a') } }), {
      answer: (_, response, count) =>
        count < 3 ? void response.writeHead(429, { 'retry-after': '0' }).end() : { count },
    });
    expect((await call('a')).result).toMatchObject({ content: [{ text: '{"count":3}' }] });
  });

  it('[OAS-17] ends a call at its time limit, and when its caller cancels it', async () => {
    const { call } = await open(documentOf({ '/a': { get: operation('a') } }), { answer: () => undefined });
    await call('none');
    await expect(call('a', {}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'upstream_timeout',
      details: { after_ms: 50 },
    });
    await expect(call('a', {}, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('the resources of an API', () => {
  const query = (name: string, schema: object, more: object = {}) => ({ name, in: 'query', schema, ...more });
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } };
  const pdf = { responses: { 200: { description: 'ok', content: { 'application/pdf': {} } } } };
  const parameters = [query('limit', { type: 'integer' }), query('tags', { type: 'array', items: { type: 'string' } })];
  const paths = {
    '/pets': { get: operation('list', { parameters }), post: operation('add') },
    '/pets/{id}': { get: operation('get', { parameters: [id] }), delete: operation('remove', { parameters: [id] }) },
    '/pets/{id}/file': { get: operation('file', { parameters: [id], ...pdf }) },
    '/version': { get: operation('version') },
    '/search': { get: operation('search', { parameters: [query('filter', { type: 'object' }, { required: true })] }) },
    '/headed': {
      get: operation('headed', { parameters: [{ name: 'x-a', in: 'header', required: true, schema: {} }] }),
    },
  };
  const answer: ApiAnswer = ({ url }, response) => {
    if (url.endsWith('/file')) return void response.writeHead(200, { 'content-type': 'application/pdf' }).end('%PDF');
    return url === '/pets/9'
      ? void response.writeHead(404).end()
      : url === '/pets/8'
        ? void response.writeHead(403).end('no')
        : { url };
  };

  it('[OAS-23] are its operations of GET, if the operator wants that', async () => {
    expect((await (await open(documentOf(paths))).upstream.request('resources/list')).error).toMatchObject({
      code: -32601,
    });
    const { upstream } = await open(documentOf(paths), { entry: { resources: true } });
    const { result: listed } = await upstream.request('resources/list');
    expect(listed?.resources).toMatchObject([
      { uri: 'openapi://pets/pets', name: 'list', mimeType: 'application/json' },
      { uri: 'openapi://pets/version', name: 'version' },
    ]);
    const { result: templates } = await upstream.request('resources/templates/list');
    expect(templates?.resourceTemplates).toMatchObject([
      { uriTemplate: 'openapi://pets/pets{?limit,tags}', name: 'list' },
      { uriTemplate: 'openapi://pets/pets/{id}', name: 'get' },
      { uriTemplate: 'openapi://pets/pets/{id}/file', name: 'file', mimeType: 'application/pdf' },
    ]);
    expect(upstream.serverInfo?.capabilities).toMatchObject({ resources: { listChanged: true } });
  });

  it.each([
    { uri: 'openapi://pets/pets', result: { contents: [{ mimeType: 'application/json', text: '{"url":"/pets"}' }] } },
    {
      uri: 'openapi://pets/pets?limit=5&tags=a,b%2Cc',
      result: { contents: [{ text: '{"url":"/pets?limit=5&tags=a&tags=b&tags=c"}' }] },
    },
    {
      uri: 'openapi://pets/pets/7',
      result: { contents: [{ uri: 'openapi://pets/pets/7', text: '{"url":"/pets/7"}' }] },
    },
    { uri: 'openapi://pets/pets/7/file', result: { contents: [{ mimeType: 'application/pdf', blob: 'JVBERg==' }] } },
    { uri: 'openapi://pets/pets/9', error: { code: -32002 } },
    { uri: 'openapi://pets/pets/8', error: { code: -32603, message: 'HTTP status 403: no', data: { status: 403 } } },
    {
      uri: 'openapi://pets/pets/x',
      error: { code: -32602, message: expect.stringContaining('arguments are invalid') },
    },
    { uri: 'openapi://pets/pets?limit=many', error: { code: -32602 } },
    { uri: 'openapi://pets/headed', error: { code: -32002 } },
    { uri: 'openapi://pets/pets/%2e%2e', error: { code: -32602 } },
    { uri: 'openapi://pets/pets/%ff', error: { code: -32002 } },
    { uri: 'openapi://other/pets', error: { code: -32002 } },
    { uri: 'http://pets/pets', error: { code: -32002 } },
  ])('[OAS-23] are read: $uri', async ({ uri, ...expected }) => {
    const { upstream } = await open(documentOf(paths), { answer, entry: { resources: true } });
    expect(await upstream.request('resources/read', { uri })).toMatchObject(expected);
  });
});

describe('the server of an API', () => {
  const paths = { '/a': { get: operation('a') } };
  const servers = (url: string, variables: object = {}) => ({ servers: [{ url, variables }] });

  it.each([
    {
      what: 'is private',
      more: servers('http://10.0.0.1/v1'),
      entry: {},
      hint: /10\.0\.0\.1 .*not public.*openapi\.allow_private/,
    },
    { what: 'is this machine', more: servers('http://127.0.0.1:9'), entry: {}, hint: /not public/ },
    { what: 'has a name of a private address', more: servers('http://inside.example'), entry: {}, hint: /not public/ },
    {
      what: 'is the metadata service',
      more: servers('http://169.254.169.254/latest'),
      entry: { allow_private: ['10.0.0.0/8'] },
      hint: /not public/,
    },
  ])('[OAS-18] that $what is not reached unless that is allowed', async ({ more, entry, hint }) => {
    const resolve = async () => ['10.1.2.3'];
    const { call } = await open(documentOf(paths, more), {
      entry: { base_url: undefined, ...entry },
      context: { resolve: resolve as never },
    });
    await expect(call('a')).rejects.toMatchObject({ code: 'upstream_unavailable', hint: expect.stringMatching(hint) });
  });

  it('[OAS-18] in the document is used if its address is allowed', async () => {
    const api = keep(await startHttpApi(() => ({ ok: true })));
    const { call } = await open(
      documentOf(paths, servers(`${api.url}/{version}/`, { version: { default: 'v1', enum: ['v1', 'v2'] } })),
      {
        entry: { base_url: undefined, allow_private: ['127.0.0.1/32'], variables: { version: 'v2' } },
      },
    );
    expect((await call('a')).result).toMatchObject({ content: [{ text: '{"ok":true}' }] });
    expect(api.requests[0]?.url).toBe('/v2/a');
  });

  it.each([
    { what: 'is relative in a file', more: servers('/api/v1'), hint: /set openapi\.base_url/ },
    { what: 'is missing in a file', more: {}, hint: /set openapi\.base_url/ },
    { what: 'is no URL', more: servers('http://'), hint: /is not a URL/ },
    { what: 'is not http', more: servers('ftp://files.example'), hint: /not http or https/ },
    {
      what: 'has a variable without a value',
      more: servers('https://{region}.example'),
      hint: /the variable region: set it in openapi\.variables/,
    },
    {
      what: 'has a variable with another value',
      more: servers('https://{r}.example', { r: { default: 'eu', enum: ['us'] } }),
      hint: /r of its server is one of us/,
    },
    { what: 'contains a password', more: servers('https://me:pw@api.example'), hint: /a user or a password/ },
  ])('[OAS-18] that $what is refused at the start', async ({ more, hint }) => {
    const { pool } = await open(documentOf(paths, more), { entry: { base_url: undefined } });
    await expect(pool.start()).rejects.toMatchObject({
      code: 'openapi_unusable',
      details: { path: 'openapi.base_url', hint: expect.stringMatching(hint) },
    });
    expect(pool.lastFailure?.reason).toMatchObject({ code: 'openapi_unusable' });
  });

  it('[OAS-18] is relative to the URL of the document', async () => {
    const api = keep(
      await startHttpApi(({ url }) =>
        url === '/docs/openapi.json' ? JSON.parse(documentOf(paths, servers('../v1'))) : { url },
      ),
    );
    const { call } = await open('', { entry: { document: `${api.url}/docs/openapi.json`, base_url: undefined } });
    expect((await call('a')).result).toMatchObject({ content: [{ text: '{"url":"/v1/a"}' }] });
  });

  it('[OAS-18] of one operation is used only if its origin is listed, so that no credential goes elsewhere', async () => {
    const other = keep(await startHttpApi(() => ({ other: true })));
    const upload = { '/upload': { post: operation('upload', { servers: [{ url: `${other.url}/u` }] }) } };
    const document = documentOf({ ...paths, ...upload });
    expect((await (await open(document)).tools()).map(({ name }) => name)).toEqual(['a']);
    const { call } = await open(document, { entry: { origins: [other.url] } });
    expect((await call('upload')).result).toMatchObject({ content: [{ text: '{"other":true}' }] });
    expect(other.requests.map(({ url }) => url)).toEqual(['/u/upload']);
  });

  it('[OAS-18] is not left by a redirect', async () => {
    const other = keep(await startHttpApi());
    const { call } = await open(documentOf(paths), {
      answer: (_, response) => void response.writeHead(302, { location: `${other.url}/steal` }).end(),
    });
    await expect(call('a')).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(other.requests).toEqual([]);
  });
});

describe('the credentials of an API', () => {
  const schemes = {
    header: { type: 'apiKey', in: 'header', name: 'X-Key' },
    query: { type: 'apiKey', in: 'query', name: 'api key' },
    cookie: { type: 'apiKey', in: 'cookie', name: 'sid' },
    basic: { type: 'http', scheme: 'basic' },
    bearer: { type: 'http', scheme: 'bearer' },
    oauth: { type: 'oauth2', flows: {} },
  };
  const secured = (security: object) =>
    documentOf(
      { '/a': { get: operation('a', { security }) }, '/open': { get: operation('open', { security: [] }) } },
      { components: { securitySchemes: schemes } },
    );
  const secret = (name: string) => `${name}-secret:pw`;

  it.each([
    { scheme: 'header', sent: { headers: { 'x-key': 'k-secret:pw' } } },
    { scheme: 'query', sent: { url: '/a?api%20key=k-secret%3Apw' } },
    { scheme: 'cookie', sent: { headers: { cookie: 'sid=k-secret%3Apw' } } },
    { scheme: 'basic', sent: { headers: { authorization: `Basic ${Buffer.from('k-secret:pw').toString('base64')}` } } },
    { scheme: 'bearer', sent: { headers: { authorization: 'Bearer k-secret:pw' } } },
    { scheme: 'oauth', sent: { headers: { authorization: 'Bearer k-secret:pw' } } },
  ])(
    '[OAS-19] are sent where the scheme $scheme wants them, only with operations that need it, and hidden in answers',
    async ({ scheme, sent }) => {
      const { api, call } = await open(secured([{ [scheme]: [] }]), {
        answer: ({ url, headers }) => ({ url, headers }),
        entry: { security: { [scheme]: 'k' } },
        context: { secret },
      });
      const { result } = await call('a');
      expect(api.requests[0]).toMatchObject(sent);
      expect(JSON.stringify(result)).toContain('***');
      expect(JSON.stringify(result)).not.toMatch(/k-secret/);
      await call('open');
      expect(JSON.stringify(api.requests[1])).not.toMatch(/k-secret|authorization|cookie|x-key/);
    },
  );

  it('[OAS-19] of several schemes are sent together, for the first alternative that is configured', async () => {
    const { api, call } = await open(secured([{ basic: [] }, {}, { header: [], query: [] }]), {
      entry: { security: { header: 'k', query: 'q' } },
      context: { secret },
    });
    await call('a');
    expect(api.requests[0]).toMatchObject({ url: '/a?api%20key=q-secret%3Apw', headers: { 'x-key': 'k-secret:pw' } });
  });

  it.each([{ security: { other: 'k' }, hint: /no security scheme other.*header, query/ }])(
    '[OAS-19] for a scheme that the document does not have are refused: $security',
    async ({ security, hint }) => {
      const { pool } = await open(secured([]), { entry: { security }, context: { secret } });
      await expect(pool.start()).rejects.toMatchObject({ code: 'openapi_unusable', hint: expect.stringMatching(hint) });
    },
  );

  const registrationAt = (token_url: string) => ({
    ...{ token_url, client_id: 'gateway', client_secret: 's', client_auth: 'basic' as const },
    ...{ parameters: {}, scopes: [] },
  });

  it('[OAS-19] come from an authorization server, and are renewed when the API refuses them', async () => {
    const server = keep(await startTokenServer());
    const auth: OpenapiUpstreamEntry['auth'] = {
      client_credentials: registrationAt(server.tokenUrl),
    };
    const { api, call } = await open(secured([{ oauth: [] }]), {
      answer: ({ headers }, response) =>
        headers.authorization === `Bearer ${server.issued[0]}`
          ? void response.writeHead(401).end()
          : { got: headers.authorization },
      auth,
      context: { secret: () => 'client-secret' },
    });
    expect((await call('a')).result).toMatchObject({ content: [{ text: '{"got":"Bearer ***"}' }] });
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(
      server.issued.map(token => `Bearer ${token}`),
    );
    expect(server.issued).toHaveLength(2);
  });

  it('[OAS-19] are those of each user where tokens are exchanged', async () => {
    const server = keep(
      await startTokenServer({
        issue: ({ form }) => ({
          access_token: `for-${form.subject_token}`,
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: 'Bearer',
        }),
      }),
    );
    const { pool, api } = await open(secured([{ oauth: [] }]), {
      auth: {
        token_exchange: {
          ...registrationAt(server.tokenUrl),
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
      },
      context: { secret: () => 'client-secret' },
    });
    const anna = createPrincipal({ subject: 'anna', scheme: 'test' });
    await expect(pool.for(anna).open().request('tools/call', { name: 'a' })).rejects.toMatchObject({
      code: 'upstream_auth_caller',
    });
    expect(api.requests).toEqual([]);
    expect(await pool.for(anna).open().request('tools/list')).toMatchObject({
      result: { tools: [{ name: 'a' }, { name: 'open' }] },
    });
  });

  it.each([
    { scheme: 'header', set: 'X-Key', sent: { 'x-key': 'k-secret:pw' } },
    { scheme: 'cookie', set: 'Cookie', sent: { cookie: 'sid=k-secret%3Apw' } },
  ])('[OAS-19] of a security scheme cannot be replaced by headers of plugins: $scheme', async row => {
    const { scheme, set, sent } = row;
    const { api, call } = await open(secured([{ [scheme]: [] }]), {
      entry: { security: { [scheme]: 'k' } },
      context: { secret },
    });
    await call('a', {}, { headers: [[set, 'stolen']] });
    expect(api.requests[0]?.headers).toMatchObject(sent);
  });

  it('[OAS-19] cannot be replaced by headers of plugins, which replace all others', async () => {
    const { api, call } = await open(secured([]), {
      entry: { headers: { 'X-Team': 'one', 'User-Agent': 'own' } },
      auth: { static: { secret: 'k', header: 'x-api-key' } },
      context: { secret },
    });
    await call(
      'a',
      {},
      {
        headers: [
          ['x-team', 'two'],
          ['X-Api-Key', 'stolen'],
        ],
      },
    );
    expect(api.requests[0]?.headers).toMatchObject({
      'x-team': 'two',
      'x-api-key': 'k-secret:pw',
      'user-agent': 'own',
    });
  });
});

describe('a document', () => {
  const good = { '/a': { get: operation('a') } };
  const bad = {
    '/b': {
      get: operation('b', { parameters: [{ name: 'x', in: 'query', schema: { minimum: 2, maximum: 1 } }] }),
      post: { operationId: 'c' },
    },
  };

  it('[OAS-09] with problems is refused with all of them, or used without the operations that have them', async () => {
    const document = documentOf({ ...good, ...bad, '/d/{x}': { get: operation('d') } }, { openapi: '3.0.0' });
    const refused = await (await open(document)).pool.start().catch(error => error);
    expect(
      refused.faults.map(({ code, details }: { code: string; details: JsonObject }) => [
        code,
        details.at,
        details.problem,
      ]),
    ).toEqual([
      ['openapi_invalid', '#/paths/~1b/post', 'missing: responses'],
      ['openapi_invalid', '#/paths/~1b/get/parameters/0/schema', 'no value can match: minimum is 2 and maximum is 1'],
      ['openapi_invalid', '#/paths/~1d~1{x}/get', 'no parameter describes {x} of the path /d/{x}'],
    ]);
    const { tools } = await open(document, { entry: { on_problem: 'skip' } });
    expect((await tools()).map(({ name }) => name)).toEqual(['a']);
  });

  it('[OAS-20] that changes is read again, and clients are notified; one that cannot be used changes nothing', async () => {
    const { file, pool, upstream, tools } = await open(documentOf(good), { entry: { poll_ms: 20 } });
    expect((await tools()).map(({ name }) => name)).toEqual(['a']);
    const received: Notification[] = [];
    upstream.subscribe(notification => void received.push(notification));
    await writeFile(file, documentOf({ ...good, ...bad }));
    await expect.poll(() => pool.lastFailure?.reason).toBeDefined();
    expect(received).toEqual([]);
    await writeFile(file, documentOf({ ...good, '/new': { get: operation('added') } }));
    await expect.poll(() => received).toContainEqual({ method: 'notifications/tools/list_changed' });
    expect((await tools()).map(({ name }) => name)).toEqual(['a', 'added']);
    expect(pool.lastFailure).toBeUndefined();
  });

  it('[OAS-20] that cannot be used is looked for less and less often, up to a minute', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const { file, pool } = await open(documentOf(good), { entry: { poll_ms: 1_000 } });
    await pool.start();
    /** Lets the next look begin, and returns how long it was waited for. */
    const nextPoll = async () => {
      while (vi.getTimerCount() === 0) await setImmediate();
      const before = Date.now();
      vi.advanceTimersToNextTimer();
      return Date.now() - before;
    };
    await rm(file);
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) waits.push(await nextPoll());
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    while (vi.getTimerCount() === 0) await setImmediate();
    await writeFile(file, documentOf(good));
    expect([await nextPoll(), await nextPoll()]).toEqual([60_000, 1_000]);
    expect(pool.lastFailure).toBeUndefined();
  });

  it('[OAS-24] can be part of the configuration, and refers to no other', async () => {
    const { tools } = await open('', { entry: { document: JSON.parse(documentOf(good)) } });
    expect((await tools()).map(({ name }) => name)).toEqual(['a']);
    const referring = JSON.parse(documentOf({ '/a': { $ref: 'other.yaml' } }));
    const refused = (await open('', { entry: { document: referring } })).pool.start();
    await expect(refused).rejects.toMatchObject({
      code: 'openapi_unreadable',
      hint: expect.stringMatching(/cannot refer to others/),
    });
    const relative = (await open('', { entry: { document: JSON.parse(documentOf(good)), base_url: undefined } })).pool;
    await expect(relative.start()).rejects.toMatchObject({
      code: 'openapi_unusable',
      hint: expect.stringMatching(/set openapi\.base_url/),
    });
  });

  it('[OAS-25] with another digest than the accepted one is not used', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const refused = await (await open(documentOf(good), { entry: { digest } })).pool.start().catch(error => error);
    expect(refused).toMatchObject({ code: 'openapi_unusable', details: { path: 'openapi.digest' } });
    const [own = ''] = /sha256:[0-9a-f]{64}/.exec(refused.hint) ?? [];
    const { file, pool, tools } = await open(documentOf(good), { entry: { digest: own, poll_ms: 20 } });
    expect(await tools()).toHaveLength(1);
    await writeFile(file, documentOf({ ...good, '/new': { get: operation('added') } }));
    await expect.poll(() => pool.lastFailure?.reason).toMatchObject({ code: 'openapi_unusable' });
    expect(await tools()).toHaveLength(1);
  });

  it.each([
    { what: 'is not there', entry: { document: '/nonexistent/api.yaml' }, hint: /no such file/ },
    {
      what: 'is at a private address behind a name',
      entry: { document: 'http://inside.example/a.json' },
      hint: /not public/,
    },
    { what: 'is answered with an error', entry: {}, hint: /status 404/ },
  ])('[OAS-02] that $what cannot be read', async ({ entry, hint }) => {
    const api = keep(await startHttpApi((_, response) => void response.writeHead(404).end()));
    const resolve = async () => ['10.1.2.3'];
    const { pool } = await open('', {
      entry: { document: `${api.url}/a.json`, ...entry },
      context: { resolve: resolve as never },
    });
    await expect(pool.start()).rejects.toMatchObject({ code: 'openapi_unreadable', hint: expect.stringMatching(hint) });
  });
});
