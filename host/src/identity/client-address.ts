import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { createNetworkTest, withoutMapping } from '../core/cidr.ts';

/** The proxies that say in a header for whom they forward a request. */
export interface TrustedProxies {
  /** Their networks, in CIDR form. */
  readonly from: readonly string[];
  /** The header that they append to. Another one may be a client's own. */
  readonly header: 'x-forwarded-for' | 'forwarded';
}

/** Returns the address of the client that sent a request; empty once its connection is closed. */
export type ClientAddress = (incoming: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

/** Returns the address at the other end of the connection. */
export const peerAddress: ClientAddress = ({ socket }) => withoutMapping(socket.remoteAddress ?? '');

/** More proxies than this are in front of no gateway. */
const mostHops = 16;

/**
 * Creates what finds a client behind trusted proxies. Each proxy appends the address that it was called from, and what a
 * client sent comes before. So the header is read from its end: the first address that is not a proxy's is the client's.
 * Where an entry is not an address, the client is the proxy that appended it.
 */
export function createClientAddress({ from, header }: TrustedProxies): ClientAddress {
  const isProxy = createNetworkTest(from);
  const addressIn = header === 'forwarded' ? addressInForwarded : addressInNode;
  return incoming => {
    let address = peerAddress(incoming);
    let rest = String(incoming.headers[header] ?? '');
    for (let hop = 0; hop < mostHops && rest !== '' && isProxy(address); hop += 1) {
      const comma = rest.lastIndexOf(',');
      const found = addressIn(rest.slice(comma + 1).trim());
      if (found === undefined) break;
      address = found;
      rest = rest.slice(0, Math.max(0, comma));
    }
    return address;
  };
}

/** A node with its port: of IPv6 in brackets, or of IPv4. The port may be a name (RFC 7239 § 6.2). */
const withPort = /^(?:\[(?<v6>[^\]]*)\]|(?<v4>[\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/;

/** Returns the address of a node, in its usual form; undefined for a name, `unknown`, or anything else. */
function addressInNode(node: string): string | undefined {
  const { v4, v6 = node } = withPort.exec(node)?.groups ?? {};
  if (v4 !== undefined) return isIPv4(v4) ? v4 : undefined;
  if (!isIPv6(v6) || v6.includes('%')) return undefined;
  return withoutMapping(new SocketAddress({ address: v6, family: 'ipv6' }).address);
}

const pairForm = /^\s*(?<name>[^\s="]+)=(?:(?<token>[^\s"]+)|"(?<quoted>[^"\\]*)")\s*$/;

/**
 * Returns the address in an element of `Forwarded` (RFC 7239 § 4). Elements are separated by commas, also by those in
 * quotes: a quote of the client must not reach into the element of a proxy, and no address contains a comma.
 */
function addressInForwarded(element: string): string | undefined {
  let node: string | undefined;
  for (const pair of element.split(';')) {
    if (pair.trim() === '') continue;
    const { name, token, quoted } = pairForm.exec(pair)?.groups ?? {};
    if (name === undefined) return undefined;
    if (name.toLowerCase() !== 'for') continue;
    if (node !== undefined) return undefined;
    node = token ?? quoted;
  }
  return node === undefined ? undefined : addressInNode(node);
}
