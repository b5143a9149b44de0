import type { HttpError } from '../../../contract/generated/outbound-http.js';
import type { EgressAnswer, EgressRequest } from '../../../egress/request.ts';
import { InputStream, OutputStream } from '../../inert-wasi/lane.ts';
import { DeclaredError, type HostImports } from '../../lane/lane-side.ts';
import { Pollable } from '../../lane/pollable.ts';
import { Fields } from './wasi-http-field.ts';
import { PromisePollable, pollWaiting } from './wasi-http-poll.ts';

/** Functions that wait, in a component that asks for HTTP by WASI. */
export const wasiHttpWaiting = [
  'wasi:io/poll#poll',
  'wasi:io/poll#[method]pollable.block',
  'wasi:io/streams#[method]input-stream.blocking-read',
  'wasi:io/streams#[method]input-stream.blocking-skip',
];

type Send = (request: EgressRequest) => Promise<EgressAnswer>;
/** The class of headers of one instance's imports: what guests are given must be of it. */
type FieldsClass = typeof Fields;
type Method = { readonly tag: string; readonly val?: string };
type Scheme = { readonly tag: 'HTTP' | 'HTTPS' | 'other'; readonly val?: string };
type ErrorCode = { readonly tag: string; readonly val?: unknown };
type Result<T, E> = { readonly tag: 'ok'; readonly val: T } | { readonly tag: 'err'; readonly val: E };

/** A function of WIT that answered `result` without a payload. */
const refuse = (): never => {
  throw new DeclaredError(undefined);
};
const closed = () => new DeclaredError({ tag: 'closed' });

const errorCodes: { readonly [T in HttpError['tag']]: (error: Extract<HttpError, { tag: T }>) => ErrorCode } = {
  denied: () => ({ tag: 'HTTP-request-denied' }),
  timeout: () => ({ tag: 'HTTP-response-timeout' }),
  'too-large': () => ({ tag: 'HTTP-response-body-size', val: undefined }),
  failed: ({ val }) => ({ tag: 'internal-error', val }),
};
const errorCodeOf = (error: HttpError): ErrorCode => (errorCodes[error.tag] as (error: HttpError) => ErrorCode)(error);

/** What a guest writes of a request's body. It is sent when it is finished: the engine takes it whole. */
class BodySink extends OutputStream {
  readonly #chunks: Uint8Array[] = [];
  readonly #limit: number;
  #length = 0;
  #finished = false;

  constructor(limit: number) {
    super(() => {});
    this.#limit = limit;
  }
  override write(bytes: Uint8Array): void {
    if (this.#finished) throw closed();
    this.#length += bytes.length;
    // What is too long is not kept, and not sent either; a stream that breaks ends some runtimes.
    if (this.#length > this.#limit) this.#chunks.length = 0;
    else this.#chunks.push(bytes.slice());
  }
  override flush(): void {}
  override writeZeroes(length: bigint | number = 0): void {
    this.write(new Uint8Array(Math.min(Number(length), this.#limit + 1)));
  }
  override blockingWriteZeroesAndFlush(length: bigint | number = 0): void {
    this.writeZeroes(length);
  }
  /** The whole, unless it is longer than the limit. */
  finish(): Uint8Array | 'too long' {
    this.#finished = true;
    if (this.#length > this.#limit) return 'too long';
    return new Uint8Array(Buffer.concat(this.#chunks));
  }
}

/** A response's body, which has come whole before the guest sees any of it. */
class BodySource extends InputStream {
  #rest: Uint8Array<ArrayBufferLike>;

  constructor(bytes: Uint8Array) {
    super();
    this.#rest = bytes;
  }
  override read(length: bigint | number = 0): Uint8Array {
    if (this.#rest.length === 0) throw closed();
    const end = Number(length);
    const bytes = this.#rest.slice(0, end);
    this.#rest = this.#rest.subarray(end);
    return bytes;
  }
  override blockingRead(length: bigint | number = 0): Uint8Array {
    return this.read(length);
  }
  override skip(length: bigint | number = 0): bigint {
    return BigInt(this.read(length).length);
  }
  override blockingSkip(length: bigint | number = 0): bigint {
    return this.skip(length);
  }
}

class OutgoingBody {
  readonly #sink: BodySink;
  readonly #finished = Promise.withResolvers<Uint8Array | 'too long' | undefined>();
  #written = false;

  constructor(limit: number) {
    this.#sink = new BodySink(limit);
  }
  write(): OutputStream {
    if (this.#written) return refuse();
    this.#written = true;
    return this.#sink;
  }
  /** @throws DeclaredError: trailers, which are the host's */
  static finish(body: OutgoingBody, trailers: Fields | undefined): void {
    if (trailers !== undefined && trailers.entries().length > 0) {
      body.#finished.resolve(undefined);
      throw new DeclaredError({ tag: 'HTTP-request-trailer-section-size', val: undefined });
    }
    body.#finished.resolve(body.#sink.finish());
  }
  /** The whole body, unless it is too long; undefined when the guest gave it up. */
  static whole(body: OutgoingBody): Promise<Uint8Array | 'too long' | undefined> {
    return body.#finished.promise;
  }
  /** Dropped by the guest. After `finish` nothing changes any more. */
  [Symbol.dispose](): void {
    this.#finished.resolve(undefined);
  }
}

class RequestOptions {
  connectTimeout(): undefined {}
  setConnectTimeout(): void {}
  firstByteTimeout(): undefined {}
  setFirstByteTimeout(): void {}
  betweenBytesTimeout(): undefined {}
  setBetweenBytesTimeout(): void {}
}

class FutureTrailers {
  #taken = false;
  subscribe(): Pollable {
    return new Pollable();
  }
  get(): Result<Result<undefined, ErrorCode>, undefined> {
    if (this.#taken) return { tag: 'err', val: undefined };
    this.#taken = true;
    return { tag: 'ok', val: { tag: 'ok', val: undefined } };
  }
}

class IncomingBody {
  #source: BodySource | undefined;
  constructor(bytes: Uint8Array) {
    this.#source = new BodySource(bytes);
  }
  stream(): InputStream {
    const source = this.#source ?? refuse();
    this.#source = undefined;
    return source;
  }
  static finish(): FutureTrailers {
    return new FutureTrailers();
  }
}

class IncomingResponse {
  readonly #answer: Extract<EgressAnswer, { ok: unknown }>['ok'];
  readonly #fields: FieldsClass;
  #consumed = false;
  constructor(answer: Extract<EgressAnswer, { ok: unknown }>['ok'], fields: FieldsClass) {
    this.#answer = answer;
    this.#fields = fields;
  }
  status(): number {
    return this.#answer.status;
  }
  headers(): Fields {
    return this.#fields.of(this.#answer.headers);
  }
  consume(): IncomingBody {
    if (this.#consumed) return refuse();
    this.#consumed = true;
    return new IncomingBody(this.#answer.body);
  }
}

class FutureIncomingResponse {
  readonly #settled: Promise<void>;
  readonly #fields: FieldsClass;
  #answer: EgressAnswer | undefined;
  #taken = false;

  constructor(answer: Promise<EgressAnswer>, fields: FieldsClass) {
    this.#fields = fields;
    this.#settled = answer.then(
      value => this.#settle(value),
      () => this.#settle({ err: { tag: 'failed', val: 'the request was not answered' } }),
    );
  }
  subscribe(): Pollable {
    return new PromisePollable(this.#settled);
  }
  get(): Result<Result<IncomingResponse, ErrorCode>, undefined> | undefined {
    if (this.#answer === undefined) return undefined;
    if (this.#taken) return { tag: 'err', val: undefined };
    this.#taken = true;
    if ('err' in this.#answer) return { tag: 'ok', val: { tag: 'err', val: errorCodeOf(this.#answer.err) } };
    return { tag: 'ok', val: { tag: 'ok', val: new IncomingResponse(this.#answer.ok, this.#fields) } };
  }
  #settle(answer: EgressAnswer): void {
    this.#answer = answer;
  }
}

/** Resources of the side that serves HTTP, which no plugin is. */
class IncomingRequest {}
class OutgoingResponse {}
const ResponseOutparam = Object.assign(class {}, { set: () => {} });

/** What becomes of a guest's requests. */
interface WasiHttpOptions {
  readonly send: Send;
  /** Bytes of a request's body. */
  readonly limit: number;
  /** Answers a request whose body is longer, which is not kept. */
  readonly tooLong: Send;
  /** Called for a header that a guest may not set. */
  readonly forbidden: (name: string) => void;
  /** Called for an invalid header. */
  readonly malformed: (name: string) => void;
}

/**
 * `wasi:http/outgoing-handler` over the egress engine: what a guest asks for becomes the same request as one by our own
 * import, and is subject to the same rules. Bodies travel whole; trailers are not sent, and timeouts are the grant's.
 */
export function wasiHttp({ send, limit, tooLong, forbidden, malformed }: WasiHttpOptions): HostImports {
  class GuestFields extends Fields {
    static override readonly forbidden = forbidden;
    static override readonly malformed = malformed;
  }
  class OutgoingRequest {
    readonly #headers: Fields;
    #method: Method = { tag: 'get' };
    #path: string | undefined;
    #scheme: Scheme | undefined;
    #authority: string | undefined;
    #body: OutgoingBody | undefined;

    constructor(headers: Fields) {
      this.#headers = headers;
      headers.fix();
    }
    method = (): Method => this.#method;
    setMethod(method: Method): void {
      this.#method = method;
    }
    pathWithQuery = (): string | undefined => this.#path;
    setPathWithQuery(path: string | undefined): void {
      if (path !== undefined && !/^[/?]/.test(path) && path !== '') refuse();
      this.#path = path;
    }
    scheme = (): Scheme | undefined => this.#scheme;
    setScheme(scheme: Scheme | undefined): void {
      this.#scheme = scheme;
    }
    authority = (): string | undefined => this.#authority;
    setAuthority(authority: string | undefined): void {
      if (authority !== undefined && /[/?#\\]/.test(authority)) refuse();
      this.#authority = authority;
    }
    headers = (): Fields => this.#headers;
    body(): OutgoingBody {
      if (this.#body !== undefined) return refuse();
      this.#body = new OutgoingBody(limit);
      return this.#body;
    }
    async send(): Promise<EgressAnswer> {
      const { tag, val = '' } = this.#method;
      const scheme = this.#scheme ?? { tag: 'HTTPS' };
      const url = `${scheme.tag === 'other' ? (scheme.val ?? '') : scheme.tag.toLowerCase()}://${this.#authority ?? ''}${this.#path ?? '/'}`;
      const request = { method: tag === 'other' ? val : tag.toUpperCase(), url, headers: this.#headers.fix() };
      if (this.#body === undefined) return send(request);
      const body = await OutgoingBody.whole(this.#body);
      if (body === undefined) return { err: { tag: 'failed', val: 'the body was not finished' } };
      if (body === 'too long') return tooLong(request);
      return send(body.length === 0 ? request : { ...request, body });
    }
  }
  return {
    'wasi:io/poll': { Pollable, poll: pollWaiting },
    'wasi:http/types': {
      Fields: GuestFields,
      FutureIncomingResponse,
      FutureTrailers,
      IncomingBody,
      IncomingRequest,
      IncomingResponse,
      OutgoingBody,
      OutgoingRequest,
      OutgoingResponse,
      RequestOptions,
      ResponseOutparam,
      httpErrorCode: () => undefined,
    },
    'wasi:http/outgoing-handler': {
      handle: (request: OutgoingRequest) => new FutureIncomingResponse(request.send(), GuestFields),
    },
  };
}
