import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { digestOf } from '@sallyport/host/core';
import { describe as describeBytes, mediaType } from '@sallyport/host/source';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { startRegistry } from './start-registry.ts';

/** A registry, and short ways to ask it. */
async function start(blobBytes?: number) {
  const directory = await temporaryFolder();
  const registry = await startRegistry({ directory, ...(blobBytes !== undefined && { blobBytes }) });
  onTestFinished(registry.close);
  const call = (line: string, init: RequestInit = {}) => {
    const [method = 'GET', path = ''] = line.split(' ');
    return fetch(new URL(path, registry.url), { ...init, method });
  };
  /** Location of an upload that has begun. */
  const begin = async () => (await call('POST /v2/acme/x/blobs/uploads/')).headers.get('location') ?? '';
  const pushBlob = async (text: string) => {
    const bytes = Buffer.from(text);
    await call(`PUT ${await begin()}?digest=${digestOf(bytes)}`, { body: bytes });
    return describeBytes('application/octet-stream', bytes);
  };
  const pushManifest = (by: string, value: unknown, type: string = mediaType.imageManifest, repository = 'acme/x') =>
    call(`PUT /v2/${repository}/manifests/${by}`, { body: JSON.stringify(value), headers: { 'content-type': type } });
  /** A manifest of one blob. */
  const manifestOf = async (text: string, more = {}) => ({
    schemaVersion: 2,
    mediaType: mediaType.imageManifest,
    config: await pushBlob('{}'),
    layers: [await pushBlob(text)],
    ...more,
  });
  return { registry, directory, call, begin, pushBlob, pushManifest, manifestOf };
}

const digestOfJson = (value: unknown) => digestOf(Buffer.from(JSON.stringify(value)));
const errorCode = async (response: Response) =>
  ((await response.json()) as { errors: { code: string }[] }).errors[0]?.code;
const blob = Buffer.from('hello, blob');
const digest = digestOf(blob);

describe('[REG-01] the registry', () => {
  it('says that it is one', async () => {
    const { call, registry } = await start();
    expect((await call('GET /v2/')).status).toBe(200);
    expect(registry.url).toBe(`http://${registry.host}`);
    expect(registry.host).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it.each(['0.0.0.0', '192.168.0.1', 'example.com'])('does not listen on %s', async host => {
    await expect(startRegistry({ directory: '/nowhere', host })).rejects.toMatchObject({
      code: 'registry_not_loopback',
      details: { host },
    });
  });

  it.each([
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost', 200],
  ])('asked as %s answers %i', async (host, status) => {
    const { registry } = await start();
    const asked = request(`${registry.url}/v2/`, { headers: { host } }).end();
    const [response] = await once(asked, 'response');
    response.resume();
    expect(response.statusCode).toBe(status);
  });

  it('starts from the command line, and ends when told to', async () => {
    const main = join(import.meta.dirname, '../../cli/bin/sallyport.js');
    const child = spawn(process.execPath, [main, 'registry', '--dir', await temporaryFolder()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout, 'data');
    expect((await fetch(`${String(line).trim()}/v2/`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('[REG-70] tells a login that it takes, where its profile asks for one', async () => {
    const main = join(import.meta.dirname, '../../cli/bin/sallyport.js');
    const argv = [main, 'registry', '--dir', await temporaryFolder(), '--profile', 'ecr', '--json'];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    const { url, username, password } = JSON.parse(String(line));
    const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    expect((await fetch(`${url}/v2/`)).status).toBe(401);
    expect((await fetch(`${url}/v2/`, { headers })).status).toBe(200);
    child.kill('SIGTERM');
    await once(child, 'exit');
  });

  it.each([
    ['without a folder', [], /usage: /],
    ['with a word too many', ['--dir', 'x', '--what'], /usage: /],
    ['with an address of others', ['--dir', 'x', '--host', '0.0.0.0'], /registry_not_loopback/],
  ])('%s exits with 2', async (_, words, says) => {
    const child = spawn(process.execPath, [
      join(import.meta.dirname, '../../cli/bin/sallyport.js'),
      'registry',
      ...words,
    ]);
    const text: Buffer[] = [];
    child.stderr.on('data', chunk => text.push(chunk));
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(Buffer.concat(text).toString()).toMatch(says);
  });
});

describe('[REG-02] a blob', () => {
  it('comes in one piece: POST, then PUT', async () => {
    const { call, begin } = await start();
    const response = await call(`PUT ${await begin()}?digest=${digest}`, { body: blob });
    expect([response.status, response.headers.get('location')]).toEqual([201, `/v2/acme/x/blobs/${digest}`]);
    const pulled = await call(`GET /v2/acme/x/blobs/${digest}`);
    expect([pulled.headers.get('docker-content-digest'), await pulled.text()]).toEqual([digest, 'hello, blob']);
  });

  it('comes with the POST', async () => {
    const { call } = await start();
    expect((await call(`POST /v2/acme/x/blobs/uploads/?digest=${digest}`, { body: blob })).status).toBe(201);
    expect((await call(`HEAD /v2/acme/x/blobs/${digest}`)).headers.get('content-length')).toBe('11');
  });

  it('comes in chunks, in order', async () => {
    const { call, begin } = await start();
    const upload = await begin();
    const patch = (range: string, body: Uint8Array<ArrayBuffer>) =>
      call(`PATCH ${upload}`, { body, headers: { 'content-range': range } });
    const first = await patch('0-4', blob.subarray(0, 5));
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-4']);
    expect((await patch('7-10', blob.subarray(7))).status).toBe(416);
    const asked = await call(`GET ${upload}`);
    expect([asked.status, asked.headers.get('range')]).toEqual([204, '0-4']);
    expect((await patch('5-6', blob.subarray(5, 7))).status).toBe(202);
    expect((await call(`PUT ${upload}?digest=${digest}`, { body: blob.subarray(7) })).status).toBe(201);
    expect(await (await call(`GET /v2/acme/x/blobs/${digest}`)).text()).toBe('hello, blob');
  });

  it('is not mounted, but sent: 202', async () => {
    const { call, pushBlob } = await start();
    await pushBlob('hello, blob');
    const response = await call(`POST /v2/acme/y/blobs/uploads/?mount=${digest}&from=acme/x`);
    expect([response.status, response.headers.get('location')]).toEqual([202, expect.stringContaining('/v2/acme/y/')]);
  });

  it('that is not what its digest says is refused, and leaves nothing', async () => {
    const { call, begin, directory } = await start();
    const response = await call(`PUT ${await begin()}?digest=${digest}`, { body: 'other' });
    expect([response.status, await errorCode(response)]).toEqual([400, 'DIGEST_INVALID']);
    expect((await call(`HEAD /v2/acme/x/blobs/${digest}`)).status).toBe(404);
    expect(await readdir(join(directory, 'temporary'))).toEqual([]);
  });

  it('is deleted', async () => {
    const { call, pushBlob } = await start();
    await pushBlob('hello, blob');
    expect((await call(`DELETE /v2/acme/x/blobs/${digest}`)).status).toBe(202);
    expect((await call(`DELETE /v2/acme/x/blobs/${digest}`)).status).toBe(404);
  });

  it('that is called off leaves nothing', async () => {
    const { call, begin, directory } = await start();
    const upload = await begin();
    expect((await call(`DELETE ${upload}`)).status).toBe(204);
    expect((await call(`GET ${upload}`)).status).toBe(404);
    expect(await readdir(join(directory, 'temporary'))).toEqual([]);
  });
});

it('[REG-06] parts of a blob are served', async () => {
  const { call, pushBlob } = await start();
  await pushBlob('hello, blob');
  const part = async (range: string) => {
    const response = await call(`GET /v2/acme/x/blobs/${digest}`, { headers: { range } });
    return [response.status, response.headers.get('content-range'), response.status === 416 || (await response.text())];
  };
  expect(await part('bytes=0-4')).toEqual([206, 'bytes 0-4/11', 'hello']);
  expect(await part('bytes=7-')).toEqual([206, 'bytes 7-10/11', 'blob']);
  expect(await part('bytes=-4')).toEqual([206, 'bytes 7-10/11', 'blob']);
  expect(await part('bytes=7-999')).toEqual([206, 'bytes 7-10/11', 'blob']);
  expect(await part('bytes=11-')).toEqual([416, 'bytes */11', true]);
  expect(await part('bytes=4-2')).toEqual([200, null, 'hello, blob']);
  expect(await part('lines=1-2')).toEqual([200, null, 'hello, blob']);
});

describe('[REG-03] a manifest', () => {
  it('is pulled by tag and by digest as it was pushed', async () => {
    const { call, pushManifest, manifestOf } = await start();
    const manifest = await manifestOf('a');
    const pushed = await pushManifest('1', manifest);
    expect([pushed.status, pushed.headers.get('docker-content-digest')]).toEqual([201, digestOfJson(manifest)]);
    for (const by of ['1', digestOfJson(manifest)]) {
      const response = await call(`GET /v2/acme/x/manifests/${by}`);
      expect(response.headers.get('content-type')).toBe(mediaType.imageManifest);
      expect(await response.text()).toBe(JSON.stringify(manifest));
      const head = await call(`HEAD /v2/acme/x/manifests/${by}`);
      expect(head.headers.get('content-length')).toBe(String(JSON.stringify(manifest).length));
      expect((await call(`GET /v2/acme/other/manifests/${by}`)).status).toBe(404);
    }
  });

  const absent = { ...describeBytes('application/wasm', Buffer.from('absent')) };
  it.each([
    ['whose layer is not there', '1', { layers: [absent] }, 404, 'MANIFEST_BLOB_UNKNOWN'],
    ['that says it is another thing', '1', { mediaType: mediaType.imageIndex }, 400, 'MANIFEST_INVALID'],
    ['of another schema version', '1', { schemaVersion: 1 }, 400, 'MANIFEST_INVALID'],
    ['under another digest', digest, {}, 400, 'DIGEST_INVALID'],
    ['under a digest that is none', 'sha256:1', {}, 400, 'DIGEST_INVALID'],
    ['under a tag that is none', '-x', {}, 400, 'MANIFEST_INVALID'],
    ['of 5 MiB', '1', { annotations: { a: 'a'.repeat(5 * 2 ** 20) } }, 413, 'SIZE_INVALID'],
  ])('%s is refused', async (_, by, more, status, code) => {
    const { call, pushManifest, manifestOf } = await start();
    const response = await pushManifest(by, await manifestOf('a', more));
    expect([response.status, await errorCode(response)]).toEqual([status, code]);
    expect((await call('GET /v2/acme/x/tags/list')).status).toBe(404);
  });

  it('is not taken as something else', async () => {
    const { pushManifest, manifestOf } = await start();
    const response = await pushManifest('1', await manifestOf('a'), 'text/plain');
    expect([response.status, await errorCode(response)]).toEqual([400, 'MANIFEST_INVALID']);
  });
});

describe('[REG-04] tags', () => {
  it('are listed in pages', async () => {
    const { call, pushManifest, manifestOf } = await start();
    for (const tag of ['c', 'a', 'b']) await pushManifest(tag, await manifestOf(tag));
    const list = async (query: string) => {
      const response = await call(`GET /v2/acme/x/tags/list${query}`);
      return [((await response.json()) as { tags: string[] }).tags, response.headers.get('link')];
    };
    expect(await list('')).toEqual([['a', 'b', 'c'], null]);
    expect(await list('?n=2')).toEqual([['a', 'b'], '</v2/acme/x/tags/list?n=2&last=b>; rel="next"']);
    expect(await list('?n=2&last=b')).toEqual([['c'], null]);
    expect(await list('?n=0')).toEqual([[], null]);
    expect((await call('GET /v2/acme/x/tags/list?n=x')).status).toBe(400);
  });

  it('are deleted alone, or with their manifest', async () => {
    const { call, pushManifest, manifestOf } = await start();
    const manifest = await manifestOf('a');
    for (const tag of ['1', '2', '3']) await pushManifest(tag, manifest);
    const status = async (line: string) => (await call(line)).status;
    const by = digestOfJson(manifest);
    expect(await status('DELETE /v2/acme/x/manifests/1')).toBe(202);
    expect(await status('GET /v2/acme/x/manifests/1')).toBe(404);
    expect(await status('GET /v2/acme/x/manifests/2')).toBe(200);
    expect(await status(`DELETE /v2/acme/x/manifests/${by}`)).toBe(202);
    for (const each of ['2', '3', by]) expect(await status(`GET /v2/acme/x/manifests/${each}`)).toBe(404);
    expect(await status('DELETE /v2/acme/x/manifests/2')).toBe(404);
  });
});

it('[REG-05] referrers are listed and filtered', async () => {
  const { call, pushManifest, manifestOf } = await start();
  const subject = { mediaType: mediaType.imageManifest, digest: digestOfJson('anything'), size: 10 };
  const list = async (query = '') => {
    const response = await call(`GET /v2/acme/x/referrers/${subject.digest}${query}`);
    expect(response.headers.get('content-type')).toBe(mediaType.imageIndex);
    const { manifests } = (await response.json()) as { manifests: { artifactType: string }[] };
    return [manifests.map(({ artifactType }) => artifactType).sort(), response.headers.get('oci-filters-applied')];
  };
  expect(await list()).toEqual([[], null]);
  for (const artifactType of ['application/one', 'application/two']) {
    const manifest = await manifestOf('a', { subject, artifactType, annotations: { a: 'b' } });
    const response = await pushManifest(digestOfJson(manifest), manifest);
    expect(response.headers.get('oci-subject')).toBe(subject.digest);
  }
  await pushManifest('1', await manifestOf('unrelated'));
  const typed = await manifestOf('a', { subject });
  await pushManifest(digestOfJson(typed), typed);
  expect(await list()).toEqual([['application/octet-stream', 'application/one', 'application/two'], null]);
  expect(await list('?artifactType=application/two')).toEqual([['application/two'], 'artifactType']);
});

it.each([
  ['GET /v2/acme/x/manifests/none', 404, 'MANIFEST_UNKNOWN'],
  [`GET /v2/acme/x/blobs/${digest}`, 404, 'BLOB_UNKNOWN'],
  ['GET /v2/acme/x/blobs/sha256:1', 400, 'DIGEST_INVALID'],
  ['GET /v2/acme/x/tags/list', 404, 'NAME_UNKNOWN'],
  ['GET /v2/acme/x/tags/other', 404, 'UNSUPPORTED'],
  ['GET /v2/acme/x/referrers/none', 400, 'DIGEST_INVALID'],
  ['GET /v2/Acme/x/tags/list', 404, 'NAME_INVALID'],
  ['GET /v2/acme/..%2f..%2fx/tags/list', 404, 'NAME_INVALID'],
  ['GET /v2/acme/x/blobs/..%2f..%2fetc', 400, 'DIGEST_INVALID'],
  ['GET /v2/acme/x/blobs/%', 400, 'NAME_INVALID'],
  ['GET /elsewhere', 404, 'NAME_INVALID'],
  ['POST /v2/acme/x/manifests/1', 405, 'UNSUPPORTED'],
  ['PATCH /v2/acme/x/blobs/uploads/none', 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['DELETE /v2/acme/x/blobs/uploads/none', 404, 'BLOB_UPLOAD_UNKNOWN'],
])('[REG-07] %s is answered %i %s', async (line, status, code) => {
  const { call } = await start();
  const response = await call(line);
  expect([response.status, await errorCode(response)]).toEqual([status, code]);
});

it('an upload is known in its own repository alone', async () => {
  const { call, begin } = await start();
  const elsewhere = (await begin()).replace('/acme/x/', '/acme/y/');
  expect((await call(`GET ${elsewhere}`)).status).toBe(404);
});

it.each([
  ['in one piece', [20]],
  ['in chunks', [6, 6]],
])('[REG-08] a blob over the limit is refused %s, and leaves nothing', async (_, sizes) => {
  const { call, begin, directory } = await start(10);
  const upload = await begin();
  const statuses: number[] = [];
  for (const size of sizes) statuses.push((await call(`PATCH ${upload}`, { body: Buffer.alloc(size) })).status);
  expect(statuses).toEqual([...Array(sizes.length - 1).fill(202), 413]);
  expect(await readdir(join(directory, 'temporary'))).toEqual([]);
  expect(
    (await call(`POST /v2/acme/x/blobs/uploads/?digest=${digestOf(Buffer.alloc(10))}`, { body: Buffer.alloc(10) }))
      .status,
  ).toBe(201);
});

it('[REG-08] uploads that nobody ends make room for others', async () => {
  const { call, begin, directory } = await start();
  const first = await begin();
  for (let count = 0; count < 64; count++) await begin();
  expect((await call(`GET ${first}`)).status).toBe(404);
  expect(await readdir(join(directory, 'temporary'))).toHaveLength(64);
});

it.each([
  ['with a foreign origin', { origin: 'https://evil.example' }, 403],
  ['with an origin on this machine that is not its own', { origin: 'http://127.0.0.1:1' }, 403],
  ['with an origin that is none', { origin: 'null' }, 403],
  ['from another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['from another host of its site', { 'sec-fetch-site': 'same-site' }, 403],
  ['typed into a browser', { 'sec-fetch-site': 'none' }, 202],
  ['of a client', {}, 202],
])('[REG-77] an upload %s is answered as such', async (_, headers, status) => {
  const { call } = await start();
  expect((await call('POST /v2/acme/x/blobs/uploads/', { headers })).status).toBe(status);
});
