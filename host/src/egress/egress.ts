import type { Dispatcher } from 'undici';
import type { HttpError, HttpResponse } from '../contract/generated/outbound-http.js';
import type { RefusalReason } from '../contract/hook-call.ts';
import { cut } from '../core/cut.ts';
import { type HeaderList, isHeader } from '../core/http-header.ts';
import { TooLarge } from '../core/too-large.ts';
import { AllowedHosts } from './allowed-hosts.ts';
import { createConnections, type EgressConnections } from './connections.ts';
import type { EgressGrant } from './egress-grant.ts';
import { EgressRefused } from './egress-refused.ts';
import { isForbiddenHeader } from './forbidden-headers.ts';
import { type Hop, sizeOf } from './hop.ts';
import { readAtMost, TooSlow } from './read-body.ts';
import { limitRedirects, locationOf, redirectedHop, TooManyRedirects } from './redirect.ts';
import type { EgressAnswer, EgressRequest } from './request.ts';
import { createQuota, type EgressQuota } from './request-quota.ts';
import { oneByOne, type ResolveName, resolveBy, resolveBySystem } from './resolve-name.ts';
import { responseHeaders } from './response-headers.ts';
import { askingPlainly, withoutEcho, withoutValues } from './secret-echo.ts';

export interface EgressContext {
  readonly plugin: string;
  /** Replaces how names become addresses. */
  readonly resolve?: ResolveName;
  /** Called with the number of bytes that each hop sends: request line, headers and body. */
  readonly sent?: (bytes: number) => void;
  /** Milliseconds, never going back. */
  readonly now?: () => number;
  /**
   * Puts values into the headers of a request that is about to go to `url`, which the grant allows, or says why the
   * request is refused. Called again on each hop, with the headers as the guest wrote them. The values in `used` are
   * hidden from the guest in everything that comes back.
   */
  readonly fillHeaders?: (
    headers: HeaderList,
    url: URL,
    tenant: string | undefined,
  ) => { readonly headers: HeaderList; readonly used: ReadonlySet<string> } | { readonly refused: string };
}

export interface EgressCall {
  readonly signal: AbortSignal;
  /** The tenant for whose caller the plugin sends the request. */
  readonly tenant?: string | undefined;
  /** Called with what the grant does not allow, and with what its limits cut off. */
  readonly refused?: ((why: string, reason: RefusalReason) => void) | undefined;
}

/** A request that is being sent. */
interface Sending {
  readonly signal: AbortSignal;
  readonly tenant: string | undefined;
  /** Values that were put into its headers. */
  readonly used: Set<string>;
}

/**
 * Sends the HTTP requests of one plugin, whichever import they come by. Rules, addresses, quota and redirects are
 * checked here and nowhere else; plugins never share a connection.
 */
export class Egress implements AsyncDisposable {
  readonly #grant: EgressGrant;
  readonly #context: EgressContext;
  readonly #allowed: AllowedHosts;
  readonly #quota: EgressQuota;
  readonly #connections: EgressConnections;

  /** @throws Fault `egress_file_unreadable` for a certificate or key that cannot be used */
  constructor(grant: EgressGrant, context: EgressContext) {
    this.#grant = grant;
    this.#context = context;
    this.#allowed = new AllowedHosts(grant);
    this.#quota = createQuota(
      { concurrency: grant.concurrency, perMinute: grant.requests_per_minute },
      context.now ?? (() => performance.now()),
    );
    const { rules, mayReach } = this.#allowed;
    const resolve = context.resolve ?? (grant.dns === undefined ? oneByOne(resolveBySystem) : resolveBy(grant.dns));
    this.#connections = createConnections(rules, { caFile: grant.ca_file, plugin: context.plugin, resolve, mayReach });
  }

  /** Sends a request, follows redirects and reads the whole response. Every failure is returned as `err`. */
  async request(request: EgressRequest, { signal, tenant, refused }: EgressCall): Promise<EgressAnswer> {
    const timeoutMs = this.#grant.timeout_ms;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const used = new Set<string>();
    try {
      return { ok: withoutEcho(await this.#exchange(request, { signal: limited, tenant, used }), used) };
    } catch (error) {
      const timedOut = limited.aborted && !signal.aborted ? `no answer within ${timeoutMs} ms` : undefined;
      const { err, reason, why } = failureOf(error, withoutValues(messageOf(error), used), timedOut);
      if (reason !== undefined) refused?.(why, reason);
      return { err };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  async #exchange(request: EgressRequest, sending: Sending): Promise<HttpResponse> {
    const { signal } = sending;
    const grant = this.#grant;
    let hop = this.#firstHop(request);
    using _place = await this.#quota.enter(signal);
    for (let redirects = 0; ; redirects += 1) {
      const response = await this.#send(hop, sending);
      const location = grant.max_redirects === 0 ? undefined : locationOf(response);
      if (location === undefined) {
        const body = await readAtMost(response.body, grant.max_bytes, grant.min_bytes_per_second, signal);
        return { status: response.statusCode, headers: responseHeaders(response.headers), body };
      }
      // The body of a redirect is not read, and must not hold the connection.
      response.body.on('error', () => {}).destroy();
      limitRedirects(redirects, grant);
      hop = redirectedHop(hop, response.statusCode, location, this.#allowed);
    }
  }

  #firstHop({ method, url, headers, body }: EgressRequest): Hop {
    const malformed = headers.find(header => !isHeader(header));
    if (malformed !== undefined) {
      throw new EgressRefused(`header ${cut(malformed[0], 64)} is not well-formed`, 'invalid');
    }
    const forbidden = headers.find(([name]) => isForbiddenHeader(name));
    if (forbidden !== undefined) throw new EgressRefused(`header ${forbidden[0]} is set by the host`);
    const { max_bytes, max_request_bytes: mostBytes = max_bytes } = this.#grant;
    if (body !== undefined && body.length > mostBytes) {
      throw new TooLarge(mostBytes, `the request has more than ${mostBytes} bytes`);
    }
    return { method, headers, body, ...this.#allowed.check(method, url) };
  }

  async #send(hop: Hop, { signal, tenant, used }: Sending): Promise<Dispatcher.ResponseData> {
    if (!this.#quota.count()) {
      throw new EgressRefused(`more than ${this.#grant.requests_per_minute} requests per minute`, 'over_limit');
    }
    const filled = this.#context.fillHeaders?.(hop.headers, hop.url, tenant) ?? { headers: hop.headers, used: [] };
    if ('refused' in filled) throw new EgressRefused(filled.refused);
    for (const value of filled.used) used.add(value);
    const headers = used.size === 0 ? filled.headers : askingPlainly(filled.headers);
    this.#context.sent?.(sizeOf({ ...hop, headers }));
    return this.#connections.send(hop.rule, { ...hop, headers, signal });
  }
}

/** What the guest gets for an error, and what is reported as a refusal if the grant is the cause. */
interface EgressFailure {
  readonly err: HttpError;
  readonly why: string;
  readonly reason?: RefusalReason;
}

function failureOf(error: unknown, why: string, timedOut: string | undefined): EgressFailure {
  if (error instanceof EgressRefused) return { err: { tag: 'denied', val: why }, why, reason: error.reason };
  if (error instanceof TooLarge) return { err: { tag: 'too-large' }, why, reason: 'over_limit' };
  if (timedOut !== undefined || error instanceof TooSlow) {
    return { err: { tag: 'timeout' }, why: timedOut ?? why, reason: 'over_limit' };
  }
  const err = { tag: 'failed' as const, val: why };
  return error instanceof TooManyRedirects ? { err, why, reason: 'over_limit' } : { err, why };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  const [inner] = error instanceof AggregateError ? error.errors : [];
  return inner instanceof Error ? inner.message : error.message || 'failed';
}
