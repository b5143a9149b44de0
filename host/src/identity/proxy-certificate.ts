import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { type CertificateName, namesIn, problemOf } from './client-certificate.ts';

/** The certificates of trusted proxies: the accepted values of each part that is stated. */
export type ProxyCertificate = {
  readonly [of in CertificateName | 'fingerprint']?: readonly string[] | undefined;
};

/**
 * Creates what returns why the certificate of a connection is not that of a proxy; undefined if it is. TLS has verified
 * that the other end holds the key, and that an authority of the listener issued the certificate.
 */
export function createProxyCertificateCheck(
  accepted: ProxyCertificate,
): (incoming: Pick<IncomingMessage, 'socket'>) => string | undefined {
  // A connection of a proxy carries many requests.
  const proxies = new WeakSet<TLSSocket>();
  return ({ socket }) => {
    if (!(socket instanceof TLSSocket)) return 'the connection is not encrypted';
    if (proxies.has(socket)) return undefined;
    const problem = problemIn(socket, accepted);
    if (problem === undefined) proxies.add(socket);
    return problem;
  };
}

function problemIn(socket: TLSSocket, { fingerprint, ...names }: ProxyCertificate): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return 'the connection has no client certificate';
  const problem = problemOf(socket);
  if (problem !== undefined) return problem;
  for (const [of, values] of Object.entries(names)) {
    const found = namesIn(certificate, of as CertificateName);
    if (values !== undefined && !found.some(name => values.includes(name))) return `the certificate has another ${of}`;
  }
  const found = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const isOther = fingerprint !== undefined && !fingerprint.includes(found);
  return isOther ? 'the certificate has another fingerprint' : undefined;
}
