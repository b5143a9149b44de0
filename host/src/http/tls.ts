import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import { Fault, fail, toFault } from '../core/fault.ts';
import { fileProblem } from '../core/file-problem.ts';
import { fileVersion } from '../core/file-version.ts';
import type { Log } from '../core/log.ts';
import { readRegularFileSync } from '../core/regular-file.ts';

/** The PEM files of a TLS listener. */
export interface TlsFiles {
  /** The certificate of the gateway, followed by those of its issuers. */
  readonly certificate: string;
  readonly key: string;
  /** The certificates of the authorities that issue certificates of clients. */
  readonly client_authorities?: string | undefined;
  /** The lists of revoked certificates of clients. */
  readonly client_revocations?: string | undefined;
}

/** How often the files were replaced, and those about clients. */
interface Replaced {
  readonly all: number;
  readonly clients: number;
}

/** How often the files are looked at, in milliseconds. */
const checkMs = 2_000;
/** A certificate that expires within this time is warned of, in milliseconds. */
const soonMs = 7 * 24 * 3_600_000;

/**
 * The certificates of a TLS listener. They are read again when the files change, so that renewing one needs no restart.
 * Files that cannot be used are reported, and the listener keeps the certificates that it has.
 */
export class TlsCertificates implements Disposable {
  #files: TlsFiles;
  readonly #log: Log;
  #version: string;
  #timer: NodeJS.Timeout | undefined;
  #clientsVersion: string;
  #replaced: Replaced = { all: 0, clients: 0 };
  /** What it was when a connection was accepted, by its address and port until the end of the handshake. */
  readonly #acceptedAt = new Map<string, Replaced>();
  readonly #openedAt = new WeakMap<Socket, Replaced>();
  #replace: ((options: SecureContextOptions) => void) | undefined;

  constructor(files: TlsFiles, log: Log) {
    this.#files = files;
    this.#log = log;
    this.#version = versionOf(files);
    this.#clientsVersion = versionOf(aboutClients(files));
  }

  /** Whether clients are asked for a certificate. */
  get asksClients(): boolean {
    return this.#files.client_authorities !== undefined;
  }

  /** Reads the files. @throws Fault `tls_unusable` with the file and what to do */
  read(): SecureContextOptions {
    const { certificate, key, client_authorities: authorities, client_revocations: revocations } = this.#files;
    const options = {
      cert: textOf(certificate),
      key: textOf(key),
      ...(authorities !== undefined && { ca: textOf(authorities) }),
      ...(revocations !== undefined && { crl: textOf(revocations) }),
      minVersion: 'TLSv1.2' as const,
    };
    if (authorities !== undefined) checkAuthorities(authorities, options.ca ?? '');
    try {
      createSecureContext(options);
    } catch (error) {
      fail('tls_unusable', { file: certificate, what: reasonOf(error) }, error);
    }
    this.#warnOfExpiry(options.cert);
    return options;
  }

  /** Reads other files from now on, which can be used. The listener gets them at once. */
  changeTo(files: TlsFiles): void {
    this.#files = files;
    this.#check();
  }

  /** Must be called for each new connection, before its handshake. */
  accepted(socket: Socket): void {
    const key = keyOf(socket);
    this.#acceptedAt.set(key, this.#replaced);
    socket.once('close', () => this.#acceptedAt.delete(key));
  }

  /** Must be called for each connection whose handshake is complete. It was verified with what held at its beginning. */
  opened(socket: Socket): void {
    const accepted = this.#acceptedAt.get(keyOf(socket));
    if (accepted !== undefined) this.#openedAt.set(socket, accepted);
  }

  /** Whether a connection was opened with certificates that have been replaced. */
  isOutdated(socket: Socket): boolean {
    return this.#openedAt.get(socket)?.all !== this.#replaced.all;
  }

  /** Whether the client's certificate was verified with authorities or revocations that have been replaced. */
  isUnverified(socket: Socket): boolean {
    if (this.#openedAt.get(socket)?.clients === this.#replaced.clients) return false;
    return socket instanceof TLSSocket && socket.getPeerX509Certificate() !== undefined;
  }

  /** Calls back with new contents whenever the files have changed. */
  watch(replace: (options: SecureContextOptions) => void): void {
    this.#replace = replace;
    this.#timer = setInterval(() => this.#check(), checkMs);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const version = versionOf(this.#files);
    if (version === this.#version) return;
    this.#version = version;
    const clientsVersion = versionOf(aboutClients(this.#files));
    const { all, clients } = this.#replaced;
    try {
      const options = this.read();
      this.#replaced = { all: all + 1, clients: clients + (clientsVersion === this.#clientsVersion ? 0 : 1) };
      this.#clientsVersion = clientsVersion;
      this.#replace?.(options);
      this.#log.info({ file: this.#files.certificate }, 'read the certificates again');
    } catch (error) {
      const { code, hint, details } = toFault(error);
      this.#log.error({ code, hint, details }, 'the new certificates cannot be used: the old ones stay');
    }
  }

  #warnOfExpiry(pem: string): void {
    const { validToDate } = new X509Certificate(pem);
    if (validToDate.getTime() - Date.now() > soonMs) return;
    this.#log.warn(
      { file: this.#files.certificate, expires: validToDate },
      'the certificate expires soon, or has expired',
    );
  }
}

function textOf(file: string): string {
  try {
    return readRegularFileSync(file).toString('utf8');
  } catch (error) {
    throw new Fault('tls_unusable', { file, what: fileProblem(error) }, error);
  }
}

/** Node ignores authorities that it cannot read, and would then refuse every client. @throws Fault `tls_unusable` */
function checkAuthorities(file: string, pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (blocks === null) fail('tls_unusable', { file, what: 'it contains no certificate' });
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch (error) {
      fail('tls_unusable', { file, what: `certificate ${index + 1} cannot be read: ${reasonOf(error)}` }, error);
    }
  }
}

/** OpenSSL's errors name the cause in `reason`: `key values mismatch`. */
const reasonOf = (error: unknown): string => {
  const { reason, message } = error as { reason?: string; message: string };
  return reason ?? message;
};

const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

const aboutClients = ({ client_authorities, client_revocations }: TlsFiles) => ({
  client_authorities,
  client_revocations,
});

/** Returns a text that changes with one of the files. */
const versionOf = (files: Partial<TlsFiles>): string =>
  Object.values(files)
    .filter(file => file !== undefined)
    .map(fileVersion)
    .join(',');
