import type { FaultCode } from '../../core/codes/index.ts';
import { Fault } from '../../core/fault.ts';
import { TooLarge } from '../../core/too-large.ts';
import { EgressRefused } from '../../egress/egress-refused.ts';
import { CodingError } from './content-decoder.ts';
import type { HttpReceived } from './http-exchange.ts';

/**
 * Makes the fault of a response whose HTTP status is an error. It concerns this request alone, and neither the session nor
 * other requests.
 */
export function statusFault(upstream: string, url: URL, { status, headers, text }: Omit<HttpReceived, 'type'>): Fault {
  const wait = retryAfterMs(headers['retry-after']);
  const about = { upstream, status, ...(wait === undefined ? {} : { retry_after_ms: wait }) };
  if (status >= 300 && status < 400) return redirectFault(upstream, url, status, headers.location);
  const scope = status === 403 ? missingScope(headers['www-authenticate']) : undefined;
  if (scope !== undefined) return new Fault('upstream_scope', { ...about, ...(scope !== '' && { scope }) });
  const body = text.trim().slice(0, 200);
  const hint = `it answered with HTTP status ${status}${body === '' ? '' : `: ${body}`}`;
  return new Fault(status === 401 || status === 403 ? 'upstream_refused' : 'upstream_status', { ...about, hint });
}

/** Returns the scopes that a challenge asks for (RFC 6750 § 3.1); undefined if it does not ask for scopes. */
function missingScope(challenge: string | string[] | undefined): string | undefined {
  const text = String(challenge ?? '').slice(0, 2_000);
  if (!/error="?insufficient_scope\b/.test(text)) return undefined;
  return /\bscope="(?<scope>[\x20\x21\x23-\x5b\x5d-\x7e]*)"/.exec(text)?.groups?.scope ?? '';
}

function redirectFault(upstream: string, url: URL, status: number, location: string | string[] | undefined): Fault {
  const target = location === undefined ? null : URL.parse(String(location), url.href);
  if (target === null) return new Fault('upstream_redirected', { upstream, status });
  // A query or a user may be a secret, and the operator may not want to send headers to the target.
  const to = target.origin + target.pathname;
  return new Fault('upstream_redirected', { upstream, status, to, hint: `if you trust it, write ${to} into http.url` });
}

/** Reads the header Retry-After, which has seconds or a date (RFC 9110 § 10.2.3), as milliseconds. */
function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const text = String(header ?? '').trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** Converts an error of undici or Node into a fault; undefined for anything else. */
export function httpFault(upstream: string, url: URL, thrown: unknown): Fault | undefined {
  if (thrown instanceof Fault) return thrown;
  if (thrown instanceof TooLarge) return new Fault('upstream_too_large', { upstream, limit_bytes: thrown.limitBytes });
  if (!(thrown instanceof Error)) return undefined;
  if (thrown instanceof EgressRefused) {
    const hint = `${thrown.message}: admin.registration.allow_private names the networks of registered upstreams`;
    return new Fault('upstream_unavailable', { upstream, hint }, thrown);
  }
  if (thrown instanceof CodingError) return new Fault('upstream_garbage', { upstream, hint: thrown.message }, thrown);
  const { message, cause, cert } = thrown as Error & { cert?: { subjectaltname?: string } };
  const code = (thrown as { code?: unknown }).code ?? thrown.name;
  if (/^Proxy (response|Authentication)/.test(message)) {
    return new Fault(
      'upstream_unavailable',
      { upstream, hint: `the proxy refused the connection: ${message}` },
      thrown,
    );
  }
  const names = cert?.subjectaltname ?? 'no name';
  for (const [pattern, faultCode, hint] of typeof code === 'string' ? causes : []) {
    if (!pattern.test(String(code))) continue;
    return new Fault(faultCode, { upstream, cause: String(code), hint: hint({ url, message, names }) }, thrown);
  }
  return httpFault(upstream, url, cause);
}

/**
 * Whether a fault means that the server cannot be reached at all, so that the connection is lost. Nothing else that happens
 * to a single request ends a session.
 */
export const isUnreachable = (thrown: unknown): boolean =>
  thrown instanceof Fault && (thrown.code === 'upstream_unavailable' || thrown.code === 'upstream_tls');

interface Failure {
  readonly url: URL;
  readonly message: string;
  /** The certificate's names. */
  readonly names: string;
}

/** What the error codes of Node, OpenSSL and undici mean for an operator. The first match counts. */
const causes: readonly (readonly [RegExp, FaultCode, (failure: Failure) => string])[] = [
  [
    /^(UNABLE_TO_(VERIFY|GET)|SELF_SIGNED|DEPTH_ZERO_SELF|CERT_UNTRUSTED|INVALID_CA)/,
    'upstream_tls',
    () =>
      'its certificate was issued by an authority that this machine does not trust: set NODE_EXTRA_CA_CERTS to a PEM file with the authority',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'upstream_tls',
    ({ url, names }) =>
      `its certificate is for ${names} and not for ${url.hostname}: use a host that it names in http.url`,
  ],
  [
    /^CERT_HAS_EXPIRED$/,
    'upstream_tls',
    () => 'its certificate has expired: renew it, or check the clock of this machine',
  ],
  [/^CERT_NOT_YET_VALID$/, 'upstream_tls', () => 'its certificate is not valid yet: check the clock of this machine'],
  [/^(CERT_|CRL_|HOSTNAME_)/, 'upstream_tls', ({ message }) => `its certificate cannot be trusted: ${message}`],
  [
    /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_(HTTP_REQUEST|RECORD_TOO_LARGE))$/,
    'upstream_tls',
    ({ url }) => `${url.host} does not use TLS: if that is intended, its url must begin with http://`,
  ],
  [/^(ERR_SSL_|ERR_TLS_|EPROTO$)/, 'upstream_tls', ({ message }) => `no TLS connection could be made: ${message}`],
  [
    /^ECONNREFUSED$/,
    'upstream_unavailable',
    ({ url }) => `nothing listens on ${url.host}: is it running, and is the port correct?`,
  ],
  [
    /^(ENOTFOUND|EAI_NODATA)$/,
    'upstream_unavailable',
    ({ url }) => `the host name ${url.hostname} does not exist (DNS): is the host in its url correct?`,
  ],
  [
    /^EAI_/,
    'upstream_unavailable',
    ({ url }) => `the name ${url.hostname} could not be looked up: the DNS server does not respond`,
  ],
  [
    /^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ENETDOWN|EHOSTDOWN)$/,
    'upstream_unavailable',
    ({ url }) => `there is no network route to ${url.hostname}`,
  ],
  [
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    'upstream_unavailable',
    ({ url }) => `${url.host} does not accept the connection: is there a firewall in between?`,
  ],
  [
    /^(UND_ERR_PRX_TLS|UND_ERR_PROXY|UND_ERR_PRX)/,
    'upstream_unavailable',
    ({ message }) => `the proxy of the environment cannot be used: ${message}`,
  ],
  [/^(HPE_|HTTPParserError$)/, 'upstream_garbage', ({ message }) => `its response is not HTTP: ${message}`],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'upstream_closed', () => 'it closed the connection before it answered'],
  [/^UND_ERR_(ABORTED|CLOSED|DESTROYED|RES_CONTENT_LENGTH_MISMATCH)$/, 'upstream_closed', ({ message }) => message],
  [
    /^UND_ERR_INVALID_ARG$/,
    'upstream_unavailable',
    () => 'its http.headers cannot be sent: a name or value has characters that HTTP does not allow',
  ],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'upstream_garbage', () => 'the headers of its response are too large'],
  [/^(E[A-Z]+|ERR_[A-Z_]+|UND_ERR_[A-Z_]+)$/, 'upstream_closed', ({ message }) => `the connection broke: ${message}`],
];
