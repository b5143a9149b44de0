import { isIP } from 'node:net';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import type { HttpResponse } from '../contract/generated/outbound-http.js';
import type { RefusalReason } from '../contract/hook-call.ts';
import { cut } from '../core/cut.ts';
import { type HeaderList, isHeader } from '../core/http-header.ts';
import { TooLarge } from '../core/too-large.ts';
import { readAtMost, TooSlow } from './body.ts';
import { createConnections } from './connection.ts';
import { isForbiddenHeader } from './forbidden-headers.ts';
import { createAddressCheck, isCidr } from './public-address.ts';
import { createQuota } from './quota.ts';
import { responseHeaders, withoutContent, withoutCredentials } from './redirect-headers.ts';
import type { EgressAnswer, EgressRequest } from './request.ts';
import { EgressRefused, notPublic, oneByOne, type ResolveName, resolveBy, resolveBySystem } from './resolve-name.ts';
import { type EgressRule, fileSchema, methodsSchema, readRule, ruleSchema } from './rule.ts';
import { askingPlainly, withoutEcho, withoutValues } from './secret-echo.ts';
import { normaliseTarget } from './target.ts';

const bytes = z
  .int()
  .min(1)
  .max(2 ** 28);

/** What an operator grants: which requests, where to, how many, how large, how long. */
export const egressGrantSchema = z.strictObject({
  allow: z
    .array(ruleSchema)
    .min(1)
    .max(256)
    .describe('URLs that requests may go to. Every redirect is checked as well.'),
  methods: methodsSchema.default(['GET', 'HEAD', 'POST']).describe('Methods of rules that state none.'),
  allow_private: z
    .array(z.string().refine(isCidr, 'a network in CIDR form, for example 10.1.0.0/16 or 127.0.0.1/32'))
    .default([])
    .describe('Addresses that may be reached although they are not public.'),
  max_bytes: bytes.default(1_048_576).describe('Size of the body of one response.'),
  max_request_bytes: bytes.optional().describe('Size of the body of one request; max_bytes unless stated.'),
  max_redirects: z.int().min(0).max(20).default(5).describe('With 0, redirects are returned to the plugin.'),
  timeout_ms: z.int().min(1).max(600_000).default(10_000).describe('Time of one request with all its redirects.'),
  min_bytes_per_second: z
    .int()
    .min(0)
    .max(2 ** 28)
    .default(100)
    .describe('A response that is slower than this after two seconds is aborted.'),
  concurrency: z.int().min(1).max(256).default(16).describe('Requests at one time; further ones wait.'),
  requests_per_minute: z.int().min(1).max(1_000_000).default(600).describe('Every redirect counts as a request.'),
  ca_file: fileSchema.optional().describe('PEM of certificate authorities to trust in addition to the usual ones.'),
  dns: z
    .array(z.string().regex(/^([0-9.]+|\[[0-9a-f:]+\])(:\d{1,5})?$/, 'an address, or address:port'))
    .min(1)
    .optional()
    .describe("DNS servers to ask instead of the operating system's."),
});

export type EgressGrant = z.infer<typeof egressGrantSchema>;

export interface EgressContext {
  readonly plugin: string;
  /** Replaces how names become addresses. */
  readonly resolve?: ResolveName;
  /** Is told how many bytes each hop sends: request line, headers and body. */
  readonly sent?: (bytes: number) => void;
  /** Milliseconds, never going back. */
  readonly now?: () => number;
  /**
   * Puts values into the headers of a request that is about to go to `url`, which the grant allows, or says why it may
   * not go. Called anew on each hop, with the headers as the guest wrote them. What was `used` is hidden from the guest
   * in all that comes back.
   */
  readonly fillHeaders?: (
    headers: HeaderList,
    url: URL,
  ) => { readonly headers: HeaderList; readonly used: ReadonlySet<string> } | { readonly refused: string };
}

type TellRefused = (why: string, reason: RefusalReason) => void;

/** The one way out: every request of a plugin, whichever import it came by. */
export interface Egress extends AsyncDisposable {
  /**
   * Asks, follows redirects, and reads the whole answer. Whatever goes wrong is an `err`.
   * `refused` is told of what the grant does not allow, and of what its limits cut off.
   */
  request(request: EgressRequest, signal: AbortSignal, refused?: TellRefused): Promise<EgressAnswer>;
}

/** One hop: what is about to be sent. */
interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: HeaderList;
  readonly body: Uint8Array | undefined;
  readonly rule: EgressRule;
}

const denied = (why: string, reason?: RefusalReason): never => {
  throw new EgressRefused(why, reason);
};

/**
 * Makes the egress of one plugin. Rules, address, quota and redirects are checked here and nowhere else; connections
 * are never shared between plugins.
 * @throws Fault `egress_file_unreadable` for a certificate or key that cannot be used
 */
export function createEgress(grant: EgressGrant, on: EgressContext): Egress {
  const rules = grant.allow.map(readRule);
  const methods = new Set(grant.methods);
  const mayReach = createAddressCheck(grant.allow_private);
  const resolve = on.resolve ?? (grant.dns === undefined ? oneByOne(resolveBySystem) : resolveBy(grant.dns));
  const quota = createQuota(
    { concurrency: grant.concurrency, perMinute: grant.requests_per_minute },
    on.now ?? (() => performance.now()),
  );
  const connections = createConnections(rules, { caFile: grant.ca_file, plugin: on.plugin, resolve, mayReach });
  const maxRequestBytes = grant.max_request_bytes ?? grant.max_bytes;

  /** The rule that lets a request pass, or the reason why none does. */
  function ruleFor(method: string, url: URL): EgressRule {
    const here = rules.filter(rule => rule.matches(url));
    const rule = here.find(each => (each.methods ?? methods).has(method));
    if (rule !== undefined) return rule;
    return denied(
      here.length === 0
        ? `${url.origin}${url.pathname} is not in the grant's allow list`
        : `method ${method} is not in the grant's methods for ${url.origin}`,
    );
  }

  function check(method: string, text: string, base?: URL): Pick<Hop, 'url' | 'rule'> {
    const target = normaliseTarget(text, base);
    if ('why' in target) return denied(target.why);
    const { url } = target;
    const rule = ruleFor(method, url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !mayReach(host)) return denied(notPublic(host));
    return { url, rule };
  }

  function first({ method, url, headers, body }: EgressRequest): Hop {
    const malformed = headers.find(header => !isHeader(header));
    if (malformed !== undefined) return denied(`header ${cut(malformed[0], 64)} is not well-formed`, 'invalid');
    const forbidden = headers.find(([name]) => isForbiddenHeader(name));
    if (forbidden !== undefined) return denied(`header ${forbidden[0]} is set by the host`);
    if (body !== undefined && body.length > maxRequestBytes)
      throw new TooLarge(maxRequestBytes, `the request has more than ${maxRequestBytes} bytes`);
    return { method, headers, body, ...check(method, url) };
  }

  async function send(hop: Hop, signal: AbortSignal, used: Set<string>): Promise<Dispatcher.ResponseData> {
    if (!quota.count()) return denied(`more than ${grant.requests_per_minute} requests per minute`, 'over_limit');
    const filled = on.fillHeaders?.(hop.headers, hop.url) ?? { headers: hop.headers, used: [] };
    if ('refused' in filled) return denied(filled.refused);
    for (const value of filled.used) used.add(value);
    const headers = used.size === 0 ? filled.headers : askingPlainly(filled.headers);
    on.sent?.(sizeOf({ ...hop, headers }));
    return connections.send(hop.rule, { ...hop, headers, signal });
  }

  async function run(request: EgressRequest, signal: AbortSignal, used: Set<string>): Promise<HttpResponse> {
    let hop = first(request);
    using _place = await quota.enter(signal);
    for (let redirects = 0; ; redirects += 1) {
      const response = await send(hop, signal, used);
      const next = grant.max_redirects === 0 ? undefined : redirectOf(hop, response);
      if (next === undefined) {
        const body = await readAtMost(response.body, grant.max_bytes, grant.min_bytes_per_second, signal);
        return { status: response.statusCode, headers: responseHeaders(response.headers), body };
      }
      // Its body is nobody's to read, and must not hold the connection.
      response.body.on('error', () => {}).destroy();
      if (redirects === grant.max_redirects) throw new TooManyRedirects(`more than ${grant.max_redirects} redirects`);
      hop = { ...next, ...check(next.method, next.location, hop.url) };
      if (hop.url.origin !== next.from.origin) {
        if (next.from.protocol === 'https:' && hop.url.protocol === 'http:') {
          return denied('a redirect leads from https to http');
        }
        hop = { ...hop, headers: withoutCredentials(hop.headers) };
      }
    }
  }

  return {
    async request(request, signal, refused = () => {}) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(grant.timeout_ms)]);
      const used = new Set<string>();
      try {
        return { ok: withoutEcho(await run(request, limited, used), used) };
      } catch (error) {
        const why = withoutValues(reasonOf(error), used);
        if (error instanceof EgressRefused) {
          refused(why, error.reason);
          return { err: { tag: 'denied', val: why } };
        }
        if (error instanceof TooLarge) {
          refused(why, 'over_limit');
          return { err: { tag: 'too-large' } };
        }
        const isLate = limited.aborted && !signal.aborted;
        if (isLate || error instanceof TooSlow) {
          refused(isLate ? `no answer within ${grant.timeout_ms} ms` : why, 'over_limit');
          return { err: { tag: 'timeout' } };
        }
        if (error instanceof TooManyRedirects) refused(why, 'over_limit');
        return { err: { tag: 'failed', val: why } };
      }
    },
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
}

/** As HTTP/1.1 writes it, without the headers that are the host's. (RFC 9112 § 2.1) */
function sizeOf({ method, url, headers, body }: Hop): number {
  let size = `${method} ${url.pathname}${url.search} HTTP/1.1\r\n\r\n`.length + (body?.length ?? 0);
  for (const [name, value] of headers) size += name.length + value.length + ': \r\n'.length;
  return size;
}

/** A redirect too many. */
class TooManyRedirects extends Error {}

const followed = new Set([301, 302, 303, 307, 308]);

/** Where a response sends us, and with what method and content. (RFC 9110 § 15.4) */
function redirectOf({ method, headers, body, url }: Hop, { statusCode, headers: answered }: Dispatcher.ResponseData) {
  const { location } = answered;
  if (!followed.has(statusCode) || location === undefined) return undefined;
  if (typeof location !== 'string') throw new Error('the redirect has several Location headers');
  const becomesGet =
    (statusCode === 303 && method !== 'HEAD' && method !== 'GET') || (statusCode <= 302 && method === 'POST');
  return becomesGet
    ? { location, from: url, method: 'GET', headers: withoutContent(headers), body: undefined }
    : { location, from: url, method, headers, body };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  const [inner] = error instanceof AggregateError ? error.errors : [];
  return inner instanceof Error ? inner.message : error.message || 'failed';
}
