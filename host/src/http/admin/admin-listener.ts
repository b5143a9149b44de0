import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../core/log.ts';
import { listenFault } from '../listen-fault.ts';
import { createNodeServer } from '../listener.ts';
import type { RequestContext } from '../open-request.ts';
import { HostAndOrigin } from '../step/host-and-origin.ts';
import { createVerifiedConnection } from '../step/verified-connection.ts';
import { TlsCertificates, type TlsFiles } from '../tls.ts';
import { AdminEndpoint, type AdminEndpointContext, type AdminEndpointOptions } from './admin-endpoint.ts';

/** The address of the management API, where it has one of its own. */
export interface AdminAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
}

/** What can change while it listens. */
export interface AdminListenerSettings extends Omit<AdminEndpointContext, 'hostAndOrigin' | 'steps'> {
  readonly allowedHosts: readonly string[];
}

/** Serves the management API at an address of its own. */
export class AdminListener implements AsyncDisposable {
  readonly #options: AdminEndpointOptions;
  readonly #address: AdminAddress;
  readonly #certificates: TlsCertificates | undefined;
  readonly #context: RequestContext;
  #hostAndOrigin: HostAndOrigin;
  #endpoint: AdminEndpoint;
  #port: number | undefined;
  #server: Server | undefined;
  #url: string | undefined;

  constructor(
    options: AdminEndpointOptions,
    address: AdminAddress,
    { log, ...settings }: AdminListenerSettings & { readonly log: Log },
  ) {
    this.#options = options;
    this.#address = address;
    this.#context = settings.context;
    this.#certificates = address.tls && new TlsCertificates(address.tls, log);
    [this.#hostAndOrigin, this.#endpoint] = this.#build(settings);
  }

  /** Serves later requests by other settings. */
  changeTo(settings: AdminListenerSettings): void {
    [this.#hostAndOrigin, this.#endpoint] = this.#build(settings);
    this.#setPort();
  }

  #build({ allowedHosts, ...on }: AdminListenerSettings): readonly [HostAndOrigin, AdminEndpoint] {
    const certificates = this.#certificates;
    const hostAndOrigin = new HostAndOrigin({ allowedHosts, allowedOrigins: [] });
    const steps =
      certificates?.asksClients === true
        ? [createVerifiedConnection(({ incoming }) => certificates.isUnverified(incoming.socket))]
        : [];
    return [hostAndOrigin, new AdminEndpoint(this.#options, { ...on, hostAndOrigin, steps })];
  }

  #setPort(): void {
    if (this.#port !== undefined) this.#hostAndOrigin.listenOn({ host: this.#address.host, port: this.#port });
  }

  /** Where it listens; undefined until then. */
  get url(): string | undefined {
    return this.#url;
  }

  /** @throws Fault `listen_failed`, `tls_unusable` */
  async listen(): Promise<void> {
    const { host, port } = this.#address;
    const server = createNodeServer(
      (incoming, outgoing) => void this.#endpoint.serve({ incoming, outgoing }),
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
    this.#port = address.port;
    this.#setPort();
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
