import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { WebFetchServer } from './web-fetch.ts';

const opened: Disposable[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each[Symbol.dispose]();
});

/** A server that answers with the method and body of each request, and keeps what it was asked. */
function open() {
  const asked: string[] = [];
  const server = new WebFetchServer(async (incoming, outgoing) => {
    const seen = `${incoming.method} ${incoming.url} ${await text(incoming).catch(() => 'cut off')}`;
    asked.push(seen);
    outgoing.setHeader('set-cookie', ['a=1', 'b=2; Path=/']);
    outgoing.end(seen);
  });
  opened.push(server);
  return { server, asked };
}

const second = 'POST /second HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n';

describe('the body of a request over fetch [EMB-27]', () => {
  it.each([
    { what: 'is longer than its Content-Length', method: 'POST', body: `hello${second}`, length: '5' },
    { what: 'is shorter than its Content-Length', method: 'POST', body: 'hello', length: '500' },
    { what: 'has no Content-Length', method: 'POST', body: second, length: undefined },
    { what: 'is that of a DELETE', method: 'DELETE', body: second, length: undefined },
    { what: 'is that of an OPTIONS', method: 'OPTIONS', body: second, length: '0' },
    { what: 'is missing', method: 'POST', body: undefined, length: '5' },
  ])('is received whole, as one request, if it $what', async ({ method, body, length }) => {
    const { server, asked } = open();
    const headers = length === undefined ? {} : { 'content-length': length };
    const response = await server.fetch(new Request('http://localhost/first', { method, body: body ?? null, headers }));
    expect(await response.text()).toBe(`${method} /first ${body ?? ''}`);
    expect(asked).toHaveLength(1);
  });
});

it('[EMB-03] each cookie of a response over fetch keeps a header of its own', async () => {
  const { server } = open();
  const { headers } = await server.fetch(new Request('http://localhost/'));
  expect(headers.getSetCookie()).toEqual(['a=1', 'b=2; Path=/']);
});
