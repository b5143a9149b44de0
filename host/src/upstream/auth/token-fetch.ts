import * as oauth from 'oauth4webapi';
import { isLoopback } from '../../core/loopback.ts';
import { Egress } from '../../egress/egress.ts';
import { egressGrantSchema } from '../../egress/egress-grant.ts';

/** The limits of one request to an authorization server. */
const limits = { max_bytes: 65_536, max_redirects: 0, requests_per_minute: 6_000, concurrency: 32 };
/** Every address: for hosts that the operator named, which may be in the operator's own network. */
const everywhere = ['0.0.0.0/0', '::/0'];

/** A request to an authorization server that failed before there was a response. */
export class NoResponse extends Error {
  override readonly name = 'NoResponse';
}

/** What the OAuth library passes to `fetch`. */
interface FetchOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | Uint8Array | undefined | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends requests to authorization servers. A host that the operator named may have any address; one that only a server's
 * metadata names must be public. Redirects are not followed.
 */
export class TokenFetch implements AsyncDisposable {
  readonly #upstream: string;
  readonly #named: ReadonlySet<string>;
  readonly #timeoutMs: number;
  readonly #egress = new Map<string, Egress>();

  /**
   * @param named the URLs in the configuration
   * @param timeoutMs of one request
   */
  constructor(upstream: string, named: readonly string[], timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#upstream = upstream;
    this.#named = new Set(named.map(url => new URL(url).origin));
  }

  /** What functions of the OAuth library need. Whether plain HTTP is allowed was decided for each URL by `isProtected`. */
  get options() {
    return { [oauth.customFetch]: this.fetch, [oauth.allowInsecureRequests]: true };
  }

  /** Whether secrets may be sent to a URL: by https, or to a host of this machine that the operator named. */
  isProtected({ protocol, hostname, origin }: URL): boolean {
    return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname) && this.#named.has(origin));
  }

  /** Has the signature that the OAuth library expects. @throws NoResponse */
  readonly fetch = async (url: string, { method, headers, body, signal }: FetchOptions): Promise<Response> => {
    const content = typeof body === 'string' || body instanceof URLSearchParams ? Buffer.from(String(body)) : body;
    const request = { method, url, headers: Object.entries(headers), body: content ?? undefined };
    const call = { signal: signal ?? new AbortController().signal };
    const answer = await this.#egressTo(new URL(url).origin).request(request, call);
    if ('err' in answer) throw new NoResponse(reasonOf(answer.err, this.#timeoutMs));
    const { status, headers: received, body: bytes } = answer.ok;
    const hasBody = bytes.length > 0 && ![204, 205, 304].includes(status);
    return new Response(hasBody ? Buffer.from(bytes) : null, { status, headers: received.map(pair => [...pair]) });
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#egress.values()].map(egress => egress[Symbol.asyncDispose]()));
  }

  #egressTo(origin: string): Egress {
    const known = this.#egress.get(origin);
    if (known !== undefined) return known;
    const allow_private = this.#named.has(origin) ? everywhere : [];
    const grant = egressGrantSchema.parse({ ...limits, timeout_ms: this.#timeoutMs, allow: [origin], allow_private });
    const egress = new Egress(grant, { plugin: this.#upstream });
    this.#egress.set(origin, egress);
    return egress;
  }
}

function reasonOf(error: { readonly tag: string; readonly val?: string }, timeoutMs: number): string {
  if (error.tag === 'too-large') return `its response has more than ${limits.max_bytes} bytes`;
  if (error.tag === 'timeout') return `it did not answer within ${timeoutMs} ms`;
  return error.val ?? error.tag;
}
