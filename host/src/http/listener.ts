import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { TlsCertificates } from './tls.ts';

/** Limits with which Node itself ends slow or endless requests, in milliseconds and bytes. */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  // How often Node checks.
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
} as const satisfies ServerOptions;

/** The milliseconds that a client has for the TLS handshake. */
const handshakeMs = 10_000;

/**
 * Creates Node's server, with TLS where there are certificates. When they change, connections end after the request that
 * they are busy with, because a client whose certificate is no longer accepted may hold one.
 * @param onReplaced must have the busy connections closed after their requests
 * @throws Fault `tls_unusable`
 */
export function createNodeServer(
  listener: RequestListener,
  certificates: TlsCertificates | undefined,
  onReplaced: () => void,
): Server {
  if (certificates === undefined) return createServer(limits, listener);
  const server = createTlsServer(
    {
      ...limits,
      ...certificates.read(),
      handshakeTimeout: handshakeMs,
      requestCert: certificates.asksClients,
      // A client without a valid certificate may have other credentials. The scheme for certificates decides.
      rejectUnauthorized: false,
    },
    (incoming, outgoing) => {
      if (certificates.isOutdated(incoming.socket)) outgoing.shouldKeepAlive = false;
      listener(incoming, outgoing);
    },
  );
  server.on('connection', socket => {
    if (socket instanceof Socket) certificates.accepted(socket);
  });
  server.on('secureConnection', socket => certificates.opened(socket));
  certificates.watch(options => {
    server.setSecureContext(options);
    server.closeIdleConnections();
    onReplaced();
  });
  return server;
}
