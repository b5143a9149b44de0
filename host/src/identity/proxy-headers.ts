import type { IncomingMessage } from 'node:http';
import { createNetworkTest, withoutMapping } from '../core/cidr.ts';
import { createPrincipal } from './principal.ts';
import { type Authenticate, countOf, refuseCredentials } from './scheme.ts';

export interface ProxyHeadersOptions {
  readonly id: string;
  /** The networks of the proxies whose headers are believed, in CIDR form. */
  readonly from: readonly string[];
  /** The headers' names in lower case; `scopes` contains them separated by spaces or commas. */
  readonly headers: {
    readonly subject: string;
    readonly tenant?: string | undefined;
    readonly scopes?: string | undefined;
  };
}

/**
 * Creates the scheme of a proxy that has authenticated the caller and says who it is in headers. A request from another
 * address that has one of these headers is refused, because somebody is pretending to be the proxy.
 */
export function createProxyHeaders({ id, from, headers }: ProxyHeadersOptions): Authenticate {
  const isProxy = createNetworkTest(from);
  const names = Object.values(headers).filter(name => name !== undefined);
  return incoming => {
    const present = names.filter(name => incoming.headers[name] !== undefined);
    if (present.length === 0) return undefined;
    const address = incoming.socket.remoteAddress ?? '';
    if (!isProxy(withoutMapping(address))) refuseCredentials(id, 'untrusted_address', { address, headers: present });
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
