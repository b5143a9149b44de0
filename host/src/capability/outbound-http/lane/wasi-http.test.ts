import { describe, expect, it } from 'vitest';
import type { EgressRequest } from '../../../egress/request.ts';
import { Pollable } from '../../lane/pollable.ts';
import { wasiHttp } from './wasi-http.ts';
import { Fields } from './wasi-http-field.ts';
import { PromisePollable, pollWaiting } from './wasi-http-poll.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const payloadOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return (error as { payload: unknown }).payload;
  }
  return 'nothing was thrown';
};

describe('fields', () => {
  it.each([
    { name: 'Host', value: 'a', tag: 'forbidden' },
    { name: 'transfer-encoding', value: 'chunked', tag: 'forbidden' },
    { name: 'x a', value: 'b', tag: 'invalid-syntax' },
    { name: '', value: 'b', tag: 'invalid-syntax' },
    { name: 'x-a', value: 'b\r\nhost: c', tag: 'invalid-syntax' },
    { name: 'x-a', value: 'b\0', tag: 'invalid-syntax' },
  ])('[CAP-29] refuse $name: $value as $tag', ({ name, value, tag }) => {
    expect(payloadOf(() => new Fields().append(name, bytes(value)))).toEqual({ tag });
    expect(payloadOf(() => Fields.fromList([[name, bytes(value)]]))).toEqual({ tag });
    expect(payloadOf(() => new Fields().set(name, [bytes(value)]))).toEqual({ tag });
  });

  it('[CAP-90] tell of a header that is none', () => {
    const told: string[] = [];
    const send = async () => ({ err: { tag: 'timeout' as const } });
    const on = {
      send,
      tooLong: send,
      limit: 0,
      forbidden: () => {},
      malformed: (name: string) => void told.push(name),
    };
    const { Fields: GuestFields } = wasiHttp(on)['wasi:http/types'] as { Fields: typeof Fields };
    const { append } = GuestFields.prototype;
    expect(payloadOf(() => append.call(new GuestFields(), 'x-a', bytes('b\nhost: c')))).toEqual({
      tag: 'invalid-syntax',
    });
    expect(told).toEqual(['x-a']);
  });

  it('[CAP-29] keep names apart from case, and are fixed once they are a request’s', () => {
    const fields = Fields.fromList([
      ['X-A', bytes('1')],
      ['x-a', bytes('2')],
      ['Content-Length', bytes('99')],
    ]);
    expect(fields.get('x-A').map(value => Buffer.from(value).toString())).toEqual(['1', '2']);
    expect(fields.has('content-length')).toBe(false);
    fields.fix();
    expect(payloadOf(() => fields.append('b', bytes('c')))).toEqual({ tag: 'immutable' });
    expect(payloadOf(() => fields.delete('x-a'))).toEqual({ tag: 'immutable' });
    const copy = fields.clone();
    copy.delete('x-a');
    expect([copy.entries().length, fields.entries().length]).toEqual([0, 2]);
  });
});

describe('polling', () => {
  const never = new Promise<void>(() => {});
  it.each([
    { what: 'what is ready', list: [new PromisePollable(never), new Pollable()], ready: [1] },
    { what: 'what is settled', list: [new PromisePollable(never), new PromisePollable(Promise.resolve())], ready: [1] },
    { what: 'what failed', list: [new PromisePollable(Promise.reject(new Error('no')))], ready: [0] },
    { what: 'time', list: [new PromisePollable(never), new Pollable(performance.now() + 30)], ready: [1] },
    { what: 'nothing, at once, for nothing', list: [], ready: [] },
  ])('[CAP-29] waits for $what', async ({ list, ready }) => {
    expect(Array.from(await pollWaiting(list))).toEqual(ready);
  });
});

describe('a request', () => {
  interface Http {
    OutgoingRequest: new (
      headers: Fields,
    ) => {
      setMethod(method: object): void;
      setAuthority(text: string): void;
      setPathWithQuery(text: string): void;
      setScheme(scheme: object): void;
      body(): { write(): { write(bytes: Uint8Array): void }; [Symbol.dispose](): void };
    };
    OutgoingBody: { finish(body: object, trailers?: Fields): void };
  }
  const open = (limit = 100) => {
    const sent: EgressRequest[] = [];
    const long: EgressRequest[] = [];
    const into = (list: EgressRequest[]) => async (request: EgressRequest) => {
      list.push(request);
      return { err: { tag: 'denied', val: 'no' } } as const;
    };
    const imports = wasiHttp({
      send: into(sent),
      tooLong: into(long),
      limit,
      forbidden: () => {},
      malformed: () => {},
    });
    const { OutgoingRequest, OutgoingBody } = imports['wasi:http/types'] as unknown as Http;
    const { handle } = imports['wasi:http/outgoing-handler'] as { handle(request: object): { get(): unknown } };
    return { sent, long, OutgoingRequest, OutgoingBody, handle };
  };
  const settled = () => new Promise(resolve => setImmediate(resolve));

  it('[CAP-29] is sent when its body is finished, whole', async () => {
    const { sent, OutgoingRequest, OutgoingBody, handle } = open();
    const request = new OutgoingRequest(Fields.fromList([['x-a', bytes('b')]]));
    request.setMethod({ tag: 'post' });
    request.setScheme({ tag: 'HTTPS' });
    request.setAuthority('api.example.com');
    request.setPathWithQuery('/v1?q');
    const body = request.body();
    const future = handle(request);
    body.write().write(bytes('content'));
    await settled();
    expect([sent.length, future.get()]).toEqual([0, undefined]);
    OutgoingBody.finish(body);
    await settled();
    const url = 'https://api.example.com/v1?q';
    expect(sent).toEqual([{ method: 'POST', url, headers: [['x-a', 'b']], body: bytes('content') }]);
    expect(future.get()).toEqual({ tag: 'ok', val: { tag: 'err', val: { tag: 'HTTP-request-denied' } } });
    expect(future.get()).toEqual({ tag: 'err', val: undefined });
  });

  it('[CAP-29] is not sent when its body is given up, or longer than granted, or followed by trailers', async () => {
    const { sent, long: tooLong, OutgoingRequest, OutgoingBody, handle } = open(5);
    const [given, long, followed] = [1, 2, 3].map(() => {
      const request = new OutgoingRequest(new Fields());
      const body = request.body();
      handle(request);
      return body;
    });
    given?.[Symbol.dispose]();
    long?.write().write(bytes('content'));
    OutgoingBody.finish(long ?? {});
    const trailers = Fields.fromList([['x-a', bytes('b')]]);
    expect(payloadOf(() => OutgoingBody.finish(followed ?? {}, trailers))).toMatchObject({ tag: expect.any(String) });
    await settled();
    expect(sent).toEqual([]);
    expect(tooLong).toMatchObject([{ method: 'GET' }]);
  });
});
