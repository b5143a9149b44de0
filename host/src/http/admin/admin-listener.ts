import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../core/log.ts';
import { listenFault } from '../listen-fault.ts';
import { createNodeServer } from '../listener.ts';
import type { RequestContext } from '../open-request.ts';
import { HostAndOrigin } from '../step/host-and-origin.ts';
import { createVerifiedConnection } from '../step/verified-connection.ts';
import { TlsCertificates, type TlsFiles } from '../tls.ts';
import { AdminEndpoint, type AdminEndpointOptions } from './admin-endpoint.ts';

/** The address of the management API, where it has one of its own. */
export interface AdminAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
}

export interface AdminListenerContext {
  readonly context: RequestContext;
  readonly bodyBytes: number;
  readonly allowedHosts: readonly string[];
  readonly log: Log;
}

/** Serves the management API at an address of its own. */
export class AdminListener implements AsyncDisposable {
  readonly #address: AdminAddress;
  readonly #certificates: TlsCertificates | undefined;
  readonly #hostAndOrigin: HostAndOrigin;
  readonly #endpoint: AdminEndpoint;
  readonly #context: RequestContext;
  #server: Server | undefined;
  #url: string | undefined;

  constructor(
    options: AdminEndpointOptions,
    address: AdminAddress,
    { allowedHosts, log, ...on }: AdminListenerContext,
  ) {
    const certificates = address.tls && new TlsCertificates(address.tls, log);
    this.#address = address;
    this.#context = on.context;
    this.#certificates = certificates;
    this.#hostAndOrigin = new HostAndOrigin({ allowedHosts, allowedOrigins: [] });
    const steps =
      certificates?.asksClients === true
        ? [createVerifiedConnection(({ incoming }) => certificates.isUnverified(incoming.socket))]
        : [];
    this.#endpoint = new AdminEndpoint(options, { ...on, hostAndOrigin: this.#hostAndOrigin, steps });
  }

  /** Where it listens; undefined until then. */
  get url(): string | undefined {
    return this.#url;
  }

  /** @throws Fault `listen_failed`, `tls_unusable` */
  async listen(): Promise<void> {
    const { host, port } = this.#address;
    const serve = this.#endpoint.serve.bind(this.#endpoint);
    const server = createNodeServer(
      (incoming, outgoing) => void serve({ incoming, outgoing }),
      this.#certificates,
      () => {
        for (const request of this.#context.running) request.closeConnection();
      },
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', cause => reject(listenFault(`${host}:${port}`, cause)));
      server.listen(port, host, resolve);
    });
    this.#server = server;
    const address = server.address() as AddressInfo;
    this.#hostAndOrigin.listenOn({ host, port: address.port });
    const scheme = this.#certificates === undefined ? 'http' : 'https';
    this.#url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#certificates?.[Symbol.dispose]();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }
}
