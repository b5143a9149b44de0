import { Fault, fail } from '../../core/fault.ts';
import type { Body } from '../read-verified-body.ts';
import type { Authorizer } from './authorizer.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { type AddressPolicy, isFollowed } from './registry-address.ts';
import { registryFetch } from './registry-fetch.ts';
import { isTransientStatus, type Patience, retryAfterMs, Transient } from './retry.ts';

/** One request to a registry. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Told of how many bytes of the body are on their way. */
  readonly sent?: ((bytes: number) => void) | undefined;
  /** Whether a redirect to another host is returned as the answer instead of followed. */
  readonly stays?: boolean;
  /** The rights that it needs: `repository:<name>:<actions>`. */
  readonly scope: string;
  /** For messages. */
  readonly reference: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface TransportOptions extends AddressPolicy {
  /** The registry's address, the only one that gets our Authorization. */
  readonly url: URL;
  readonly authorizer: Authorizer;
  readonly patience: Patience;
}

/**
 * Makes one attempt at a call: time-outs, one answer to a challenge, redirects followed by hand; `read` takes the
 * answer, whatever its status, within the same time-outs.
 * @throws Transient for what may be temporary; Fault `registry_tls`, `redirect_refused`, those of Authorizer
 */
export type Transport = <T>(call: Call, read: (answer: Answer) => Promise<T>, signal?: AbortSignal) => Promise<T>;

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const redirectLimit = 5;

export function createTransport({ url: registry, authorizer, patience, ...policy }: TransportOptions): Transport {
  return async (call, read, signal) => {
    using deadline = createDeadline(patience, signal);
    try {
      const response = await authorized(call, deadline);
      if (isTransientStatus(response.status)) {
        const wait = retryAfterMs(response.headers.get('retry-after'));
        throw new Transient(`the registry responded with status ${response.status}`, wait);
      }
      return await read({ status: response.status, headers: response.headers, body: watched(response.body, deadline) });
    } catch (error) {
      signal?.throwIfAborted();
      throw deadline.expired === undefined ? classify(error, call) : new Transient(deadline.expired, undefined, error);
    }
  };

  async function authorized(call: Call, deadline: Deadline): Promise<Response> {
    const own = call.url.origin === registry.origin;
    const known = own ? authorizer.header(call.scope) : undefined;
    const first = await send(call, known, deadline);
    if (first.response.status === 403 && known !== undefined && !first.elsewhere) {
      const renewed = await authorizer.renew(call.scope, known);
      if (renewed === undefined) return first.response;
      await first.response.body?.cancel();
      deadline.touch();
      return (await send(call, renewed, deadline)).response;
    }
    // Another host receives no credentials.
    if (first.response.status !== 401 || !own || first.elsewhere) return first.response;
    await first.response.body?.cancel();
    const field = first.response.headers.get('www-authenticate');
    const header = await authorizer.answer(field, call.scope, call.reference, deadline.signal);
    deadline.touch();
    return (await send(call, header, deadline)).response;
  }

  async function send(call: Call, authorization: string | undefined, deadline: Deadline) {
    const headers = new Headers(call.headers);
    headers.set('accept-encoding', 'identity');
    headers.set('user-agent', 'sallyport');
    if (authorization !== undefined) headers.set('authorization', authorization);
    if (call.body !== undefined) headers.set('content-length', String(call.body.byteLength));
    let url = call.url;
    let elsewhere = false;
    for (let hops = 0; ; hops++) {
      const body =
        call.body === undefined ? {} : { body: inChunks(call.body, call.sent, deadline), duplex: 'half' as const };
      const response = await registryFetch(url, {
        method: call.method,
        headers,
        redirect: 'manual',
        signal: deadline.signal,
        ...body,
      });
      deadline.touch();
      if (!redirects.has(response.status)) return { response, elsewhere };
      const location = response.headers.get('location');
      const target = location === null ? null : URL.parse(location, url.href);
      if (call.stays && target?.origin !== registry.origin) return { response, elsewhere };
      await response.body?.cancel();
      const refuse = (what: string) => fail('redirect_refused', { reference: call.reference, from: url.origin, what });
      if (!target) return refuse('it has no valid Location');
      if (call.method !== 'GET' && call.method !== 'HEAD') return refuse(`a ${call.method} is not sent again`);
      if (hops === redirectLimit) return refuse(`more than ${redirectLimit} in a row`);
      if (!isFollowed(url, target, policy)) return refuse(`${target.origin} is not https`);
      elsewhere ||= target.origin !== registry.origin;
      if (elsewhere) headers.delete('authorization');
      url = target;
    }
  }
}

const chunkBytes = 64 * 1024;

/** Sends bytes in chunks, so that a slow connection shows progress and does not count as silent. */
async function* inChunks(bytes: Uint8Array, sent: Call['sent'], deadline: Deadline): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    yield bytes.subarray(at, at + chunkBytes);
    deadline.touch();
    sent?.(Math.min(at + chunkBytes, bytes.byteLength));
  }
}

async function* watched(body: Body, deadline: Deadline): AsyncGenerator<Uint8Array> {
  for await (const chunk of body ?? []) {
    deadline.touch();
    yield chunk;
  }
}

const tlsFailure = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO)/;

/** Converts the TypeError of `fetch`, whose cause is what happened. */
function classify(error: unknown, { reference, url }: Call): unknown {
  if (error instanceof Fault || !(error instanceof TypeError)) return error;
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (tlsFailure.test(code)) {
    return new Fault('registry_tls', { reference, registry: url.host, what: code }, error);
  }
  return new Transient(cause.message || code || error.message, undefined, error);
}
