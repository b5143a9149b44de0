import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { substituteSecrets } from '../../host/src/capability/secret-store/secret-placeholder.ts';
import { openSecrets } from '../../host/src/capability/secret-store/secrets.ts';
import { SecretMask } from '../../host/src/core/secret-mask.ts';
import { Egress } from '../../host/src/egress/egress.ts';
import { egressGrantSchema } from '../../host/src/egress/egress-grant.ts';

const value = 'tok&n "of" söme length+/=';
const secrets = openSecrets([{ name: 'token', env: 'TOKEN' }], new SecretMask(), { TOKEN: value });
const closing = new AsyncDisposableStack();
afterAll(() => closing.disposeAsync());

/** A server, and what asks it with the secret in the header `x-key`. */
async function open(answer: RequestListener, more: object = {}) {
  const server = createServer(answer);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closing.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const grant = { allow: [origin], allow_private: ['127.0.0.1/32'], ...more };
  const egress = closing.use(
    new Egress(egressGrantSchema.parse(grant), {
      plugin: 'p',
      fillHeaders: (headers, url) => substituteSecrets(secrets, { plugin: 'p', tenant: undefined }, headers, url),
    }),
  );
  const placeholder = secrets.reference('p', 'token', { origins: [origin], headers: ['x-key'] });
  const ask = async (headers: [string, string][] = [['x-key', placeholder]]) => {
    const answered = await egress.request(
      { method: 'GET', url: origin, headers },
      { signal: new AbortController().signal },
    );
    if ('err' in answered) return { err: answered.err };
    const { body, ...rest } = answered.ok;
    return { ...rest, text: Buffer.from(body).toString('latin1') };
  };
  return { ask, placeholder };
}

const everyByte = (text: string) =>
  [...Buffer.from(text)].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('');
const base64 = (before: string) => Buffer.from(before + value).toString('base64');

describe('a server that repeats a secret', () => {
  it.each([
    { what: 'as it is', text: Buffer.from(`a ${value} b`), left: 'a *** b' },
    { what: 'as latin1', text: Buffer.from(value, 'latin1'), left: '***' },
    { what: 'as UTF-16', text: Buffer.from(value, 'utf16le'), left: '***' },
    { what: 'within JSON', text: JSON.stringify({ key: value }), left: '{"key":"***"}' },
    { what: 'within HTML', text: 'tok&amp;n &quot;of&quot; söme length+/=', left: '***' },
    { what: 'percent-encoded', text: encodeURIComponent(value).toLowerCase(), left: '***' },
    { what: 'in base64', text: base64(''), left: '***=' },
    { what: 'in base64 for a URL', text: Buffer.from(value).toString('base64url'), left: '***' },
    { what: 'in hexadecimal', text: Buffer.from(value).toString('hex'), left: '***' },
    { what: 'in capitals', text: Buffer.from(`<${value.toUpperCase().replace('Ö', 'ö')}>`), left: '<***>' },
    { what: 'within JSON as PHP writes it', text: JSON.stringify(value).replaceAll('/', '\\/'), left: '"***"' },
    { what: 'within JSON as Go writes it', text: JSON.stringify(value).replace('&', '\\u0026'), left: '"***"' },
    { what: 'within JSON of ASCII', text: JSON.stringify(value).replace('ö', '\\u00F6'), left: '"***"' },
    { what: 'within HTML as Go writes it', text: 'tok&amp;n &#34;of&#34; söme length&#43;/=', left: '***' },
    {
      what: 'within HTML as OWASP writes it',
      text: 'tok&amp;n &quot;of&quot; s&#xF6;me length+&#x2F;&#x3D;',
      left: '***',
    },
    { what: 'in a form', text: new URLSearchParams({ a: value, b: 'c' }).toString(), left: 'a=***&b=c' },
    { what: 'percent-encoded throughout', text: everyByte(value), left: '***' },
    { what: 'percent-encoded twice', text: encodeURIComponent(encodeURIComponent(value)), left: '***' },
    {
      what: 'within HTML within JSON',
      text: JSON.stringify('tok&amp;n &quot;of&quot; s\\u00f6me length+/='),
      left: '"***"',
    },
    { what: 'in part', text: Buffer.from(`a ${value.slice(3, 14)} b ${value.slice(-8)}`), left: 'a *** b ***' },
    { what: 'in part, escaped', text: encodeURIComponent(value.slice(0, 9)), left: '***' },
    { what: 'but for less than eight characters', text: value.slice(0, 7), left: value.slice(0, 7) },
  ])('[CAP-75] gives it to nobody: $what', async ({ text, left }) => {
    const { ask } = await open((_, response) => void response.end(text));
    expect(await ask()).toMatchObject({ status: 200, text: left });
  });

  it.each([1, 2, 3, 7])('[CAP-75] in base64 after %s other bytes leaves nothing to read', async length => {
    const { ask } = await open((_, response) => void response.end(base64('x'.repeat(length))));
    const { text = '' } = (await ask()) as { text?: string };
    expect(text).toContain('***');
    expect(text.length).toBeLessThan(16);
  });

  it('[CAP-75] in pieces, in headers and in the place of a redirect gives it to nobody', async () => {
    const header = Buffer.from(value).toString('latin1');
    const { ask } = await open(
      (_, response) => {
        response.writeHead(302, { 'x-echo': `is ${header}`, location: `/?q=${encodeURIComponent(value)}` });
        const bytes = Buffer.from(`<${value}>`);
        response.write(bytes.subarray(0, 9));
        setTimeout(() => response.end(bytes.subarray(9)), 50);
      },
      { max_redirects: 0 },
    );
    const answer = await ask();
    expect(answer).toMatchObject({ status: 302, text: '<***>' });
    const headers = new Map((answer as { headers: [string, string][] }).headers);
    expect([headers.get('x-echo'), headers.get('location')]).toEqual(['is ***', '/?q=***']);
  });

  it('[CAP-75] on the way of a redirect gives it to nobody, not even in the reason of a refusal', async () => {
    const { ask } = await open((request, response) =>
      request.url === '/'
        ? void response.writeHead(307, { location: '/next' }).end()
        : void response.writeHead(307, { location: `https://evil.example.com/${encodeURIComponent(value)}` }).end(),
    );
    expect(await ask()).toEqual({
      err: { tag: 'denied', val: expect.stringContaining('https://evil.example.com/***') },
    });
  });

  it('[CAP-75] encoded is not passed on; it is asked not to, and without a secret it may', async () => {
    const seen: unknown[] = [];
    const { ask } = await open((request, response) => {
      seen.push(request.headers['accept-encoding']);
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(value));
    });
    expect(await ask()).toMatchObject({ err: { tag: 'failed', val: expect.stringContaining('is encoded') } });
    expect(await ask([['accept-encoding', 'gzip']])).toMatchObject({ status: 200 });
    expect(seen).toEqual(['identity', 'gzip']);
  });

  it('[CAP-75] in parts is not asked for them, and not heard with one', async () => {
    const seen: unknown[] = [];
    const { ask, placeholder } = await open((request, response) => {
      seen.push([request.headers.range, request.headers['if-range']]);
      response.writeHead(206, { 'content-range': 'bytes 0-2/9' }).end(value.slice(0, 3));
    });
    const parts: [string, string][] = [
      ['Range', 'bytes=0-2'],
      ['If-Range', '"x"'],
    ];
    expect(await ask([...parts, ['x-key', placeholder]])).toMatchObject({
      err: { tag: 'failed', val: expect.stringContaining('partial content') },
    });
    expect(await ask(parts)).toMatchObject({ status: 206 });
    expect(seen).toEqual([
      [undefined, undefined],
      ['bytes=0-2', '"x"'],
    ]);
  });

  it('[CAP-75] keeps the length that it states true', async () => {
    const body = Buffer.from(`a ${value} b`);
    const { ask } = await open((_, response) => void response.setHeader('content-length', body.length).end(body));
    expect(await ask()).toMatchObject({ headers: expect.arrayContaining([['content-length', '7']]), text: 'a *** b' });
  });
});
