import type { IncomingMessage } from 'node:http';
import { createNetworkTest } from '../core/cidr.ts';
import { fail } from '../core/fault.ts';
import { peerAddress } from './client-address.ts';
import { createPrincipal } from './principal.ts';
import { createProxyCertificateCheck, type ProxyCertificate } from './proxy-certificate.ts';
import { type Authenticate, countOf, refuseCredentials } from './scheme.ts';

export interface ProxyHeadersOptions {
  readonly id: string;
  /** The networks of the proxies whose headers are believed, in CIDR form; without them, the address does not matter. */
  readonly from?: readonly string[] | undefined;
  /** The client certificate that the proxies must show; without it, none. */
  readonly certificate?: ProxyCertificate | undefined;
  /** The headers' names in lower case; `scopes` contains them separated by spaces or commas. */
  readonly headers: {
    readonly subject: string;
    readonly tenant?: string | undefined;
    readonly scopes?: string | undefined;
  };
}

/**
 * Creates the scheme of a proxy that has authenticated the caller and says who it is in headers. A request from another
 * address, or over a connection with another certificate, that has one of these headers is refused, because someone is
 * pretending to be the proxy.
 * @throws Fault `internal` if any client would be taken for the proxy
 */
export function createProxyHeaders({ id, from, certificate, headers }: ProxyHeadersOptions): Authenticate {
  if (from === undefined && certificate === undefined) fail('internal', { hint: `${id} trusts every client` });
  const isProxy = from && createNetworkTest(from);
  const certificateProblem = certificate && createProxyCertificateCheck(certificate);
  const names = Object.values(headers).filter(name => name !== undefined);
  return incoming => {
    const present = names.filter(name => incoming.headers[name] !== undefined);
    if (present.length === 0) return undefined;
    const address = peerAddress(incoming);
    if (isProxy?.(address) === false) refuseCredentials(id, 'untrusted_address', { address, headers: present });
    const what = certificateProblem?.(incoming);
    if (what !== undefined) refuseCredentials(id, 'wrong_certificate', { what, address, headers: present });
    // Node joins them, which would make two callers one.
    const repeated = names.filter(name => countOf(name, incoming) > 1);
    if (repeated.length > 0) refuseCredentials(id, 'ambiguous', { headers: repeated });
    const [subject, tenant, scopes] = [headers.subject, headers.tenant, headers.scopes].map(name =>
      headerText(name, incoming),
    );
    if (subject === undefined) refuseCredentials(id, 'missing_claim', { header: headers.subject });
    return createPrincipal({
      scheme: id,
      subject,
      ...(tenant !== undefined && { tenant }),
      scopes: scopes?.split(/[ ,]+/).filter(scope => scope !== '') ?? [],
    });
  };
}

function headerText(name: string | undefined, { headers }: IncomingMessage): string | undefined {
  const value = name === undefined ? undefined : String(headers[name] ?? '').trim();
  return value === '' ? undefined : value;
}
