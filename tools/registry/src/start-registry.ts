import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault, fail, isLoopback } from '@sallyport/host/core';
import { openImageLayout } from '@sallyport/host/source';
import { DistributionError } from './distribution-error.ts';
import { type Customs, createDistributionHandler } from './distribution-handler.ts';
import { createGate, type Login } from './gate.ts';
import { type ProfileName, profiles } from './profile.ts';

export interface RegistryOptions {
  /** An OCI image layout, or a folder that is to become one. */
  readonly directory: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** 127.0.0.1 unless said otherwise; only addresses of this machine. */
  readonly host?: string;
  /** Largest blob, bytes. */
  readonly blobBytes?: number;
  /** Does as this registry does, and asks for logins where that one does. */
  readonly profile?: ProfileName;
  /** The longest page of a list of tags; that of the profile unless said otherwise. */
  readonly tagsPerPage?: number;
  /** The time by which logins and tokens are judged, milliseconds. */
  readonly now?: () => number;
}

export interface Registry extends AsyncDisposable {
  /** `http://127.0.0.1:5000` */
  readonly url: string;
  /** `127.0.0.1:5000`: the registry in a reference. */
  readonly host: string;
  /** A new login, where a profile asks for one. */
  readonly login?: () => Login;
  close(): Promise<void>;
}

const defaultBlobBytes = 256 * 1024 * 1024;
/** Without a profile: all that the spec has, and no limit of its own. */
const plain: Customs = { referrers: true, tagsPerPage: Number.MAX_SAFE_INTEGER };

/** A page in a browser could otherwise reach the registry under a name of its own (DNS rebinding). */
function isForThisMachine({ headers: { host } }: IncomingMessage): boolean {
  const asked = URL.parse(`http://${host}`);
  return asked !== null && isLoopback(asked.hostname);
}

/** Whether a page of another site sent it: browsers send simple requests wherever a page says, and clients say neither. */
function isOfAnotherSite({ headers: { host, origin, ...others } }: IncomingMessage): boolean {
  const site = others['sec-fetch-site'];
  const isCross = site !== undefined && site !== 'same-origin' && site !== 'none';
  return isCross || (origin !== undefined && URL.parse(origin)?.host !== host);
}

/**
 * Starts an OCI registry for development: no TLS, no login but that of a profile, and therefore for this machine alone.
 * @throws Fault `registry_not_loopback`, `listen_failed`
 */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const { directory, port = 0, host = '127.0.0.1', blobBytes = defaultBlobBytes } = options;
  if (!isLoopback(host) || host === '::1') fail('registry_not_loopback', { host });
  const profile = options.profile && profiles[options.profile];
  const gate = profile && createGate(profile, options.now);
  const { referrers, tagsPerPage } = profile ?? plain;
  const handle = createDistributionHandler(
    openImageLayout(directory),
    { blobBytes, uploads: 64 },
    { referrers, tagsPerPage: options.tagsPerPage ?? tagsPerPage },
  );
  const server = createServer((request, response) => {
    if (isForThisMachine(request) && !isOfAnotherSite(request)) {
      if (!gate || gate.admits(request, response)) void handle(request, response);
      return;
    }
    const denied = new DistributionError('DENIED', 'this registry is for this machine alone');
    response.writeHead(denied.status, { 'content-type': 'application/json' }).end(denied.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause => reject(new Fault('listen_failed', { address: `${host}:${port}` }, cause)));
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  const address = `${host}:${(server.address() as AddressInfo).port}`;

  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const url = `http://${address}`;
  return { url, host: address, ...(gate && { login: gate.login }), close, [Symbol.asyncDispose]: close };
}
