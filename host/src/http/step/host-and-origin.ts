import type { IncomingHttpHeaders } from 'node:http';
import { cut } from '../../core/cut.ts';
import { fail } from '../../core/fault.ts';
import { withoutPort } from '../../core/host-name.ts';
import { isLoopback } from '../../core/loopback.ts';
import { allowPage } from '../cors.ts';
import type { Arrival, Step } from './step.ts';

export interface HostAndOriginOptions {
  /** Accepted Host values beside those of loopback: `name` for any port, `name:port`, or `*.name`. */
  readonly allowedHosts: readonly string[];
  /** Accepted Origin values beside those of loopback: `https://app.example.com`. */
  readonly allowedOrigins: readonly string[];
}

export interface ListeningOptions extends HostAndOriginOptions {
  /** The address that the server listens on. */
  readonly host: string;
  readonly port: number;
}

/** The parts of a request that identify its sender. */
export interface Sender {
  readonly headers: IncomingHttpHeaders;
  /** Alternating names and values, as received. */
  readonly rawHeaders: readonly string[];
  /** The address at the other end of the connection. */
  readonly remoteAddress: string | undefined;
}

/** The checks of Host and Origin for one address. */
export interface HostAndOriginChecks {
  /** @throws Fault `origin_refused` */
  checkOrigin(headers: IncomingHttpHeaders): void;
  /** @throws Fault `host_ambiguous`, `host_refused` */
  checkHost(sender: Sender): void;
}

/**
 * The first step: a request must name the gateway as its host, and a page that sends it must have an allowed origin.
 */
export class HostAndOrigin implements Step {
  readonly name = 'host-and-origin';
  readonly #options: HostAndOriginOptions;
  #checks: HostAndOriginChecks | undefined;

  constructor(options: HostAndOriginOptions) {
    this.#options = options;
  }

  /** Must be called where another server receives the requests, whose address is not known here. */
  embed(): this {
    this.#checks = createEmbeddedChecks(this.#options);
    return this;
  }

  /** Must be called once the address is known. Until then every request is refused. */
  listenOn(address: { readonly host: string; readonly port: number }): void {
    this.#checks = createChecks({ ...this.#options, ...address });
  }

  /**
   * Checks the host alone, for a page that browsers are sent to by pages of other origins.
   * @throws Fault `draining`, `host_ambiguous`, `host_refused`
   */
  passPage({ incoming: { headers, rawHeaders, socket } }: Pick<Arrival, 'incoming'>): void {
    if (this.#checks === undefined) fail('draining');
    this.#checks.checkHost({ headers, rawHeaders, remoteAddress: socket.remoteAddress });
  }

  /** @throws Fault `draining`, `origin_refused`, `host_ambiguous`, `host_refused` */
  pass({ incoming, outgoing }: Pick<Arrival, 'incoming' | 'outgoing'>): void {
    if (this.#checks === undefined) fail('draining');
    const { headers, rawHeaders, socket } = incoming;
    if (headers.origin !== undefined) {
      outgoing.setHeader('vary', 'origin');
      this.#checks.checkOrigin(headers);
      // Before the host is checked, so that an allowed page can read any refusal.
      allowPage(outgoing, headers.origin);
    }
    this.#checks.checkHost({ headers, rawHeaders, remoteAddress: socket.remoteAddress });
  }
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** Headers that a proxy adds when it forwards a request, whose client may be anywhere. */
const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** Whether a request comes from this machine: over loopback, and not forwarded by a proxy. */
export const isFromHere = ({ headers, remoteAddress = '' }: Omit<Sender, 'rawHeaders'>): boolean =>
  /^(::ffff:)?127\.|^::1$/.test(remoteAddress) && forwarding.every(name => headers[name] === undefined);

/** Wildcard addresses, which include loopback. */
const everyAddress = /^(0\.0\.0\.0|::|\[::\])$/;

/**
 * Creates the checks of Host and Origin. Any page in a browser can send requests to this machine; it is recognised by
 * its Origin or, after DNS rebinding, by its Host (MCP 2025-11-25, Transports § Security).
 *
 * On a wildcard address, the names of this machine are accepted from this machine only: from elsewhere, a Host of
 * `localhost` is forged, or comes through a proxy whose name the operator has to configure.
 */
export function createChecks(options: ListeningOptions): HostAndOriginChecks {
  const { host, port, allowedHosts, allowedOrigins } = options;
  const local = isLoopback(host);
  const own = new Set(loopbackNames.flatMap(name => withPort(name, port)));
  const isAllowed = createHostTest(allowedHosts);
  // Nearly every request has one of these. What is written with a wildcard is no name.
  const named = new Set([...(local ? own : []), ...allowedHosts.filter(isName).map(name => name.toLowerCase())]);
  const fromHere: ReadonlySet<string> = everyAddress.test(host) ? own : new Set();
  const origins = new Set(allowedOrigins.map(origin => origin.toLowerCase()));

  return {
    checkOrigin({ origin }) {
      if (origin === undefined || origins.has(origin.toLowerCase()) || (local && isLoopbackOrigin(origin))) return;
      refuseOrigin(origin);
    },
    checkHost({ headers, rawHeaders, remoteAddress }) {
      const { host: asked = '' } = headers;
      if (hasSecondHost(rawHeaders)) fail('host_ambiguous');
      if (named.has(asked)) return;
      const name = asked.toLowerCase();
      if (named.has(name) || isAllowed(name)) return;
      if (fromHere.has(name) && isFromHere({ headers, remoteAddress })) return;
      refuseHost(asked);
    },
  };
}

/**
 * Creates the checks for requests that another server of the program received, on an address that is not known here. The
 * names of this machine are accepted with any port, unless the request is known to come from elsewhere; so is a page of
 * this machine that names it as the host.
 */
function createEmbeddedChecks({ allowedHosts, allowedOrigins }: HostAndOriginOptions): HostAndOriginChecks {
  const isAllowed = createHostTest(allowedHosts);
  const origins = new Set(allowedOrigins.map(origin => origin.toLowerCase()));
  const isHere = (host: string) => loopbackNames.includes(withoutPort(host));
  return {
    checkOrigin({ origin, host = '' }) {
      if (origin === undefined || origins.has(origin.toLowerCase())) return;
      if (!isLoopbackOrigin(origin) || !isHere(host.toLowerCase())) refuseOrigin(origin);
    },
    checkHost({ headers, rawHeaders, remoteAddress = '127.0.0.1' }) {
      const { host: asked = '' } = headers;
      if (hasSecondHost(rawHeaders)) fail('host_ambiguous');
      const name = asked.toLowerCase();
      if (isAllowed(name)) return;
      if (isHere(name) && isFromHere({ headers, remoteAddress })) return;
      refuseHost(asked);
    },
  };
}

/**
 * Creates the test of a host in lower case against `name`, which stands for any port, `name:port`, and `*.name`, which
 * stands for one label more.
 */
function createHostTest(allowed: readonly string[]): (host: string) => boolean {
  const names = allowed.map(name => name.toLowerCase());
  const exact = new Set(names.filter(isName));
  const domains = new Set(names.filter(name => !isName(name)).map(name => name.slice(2)));
  const isIn = (host: string, known: ReadonlySet<string>) => known.has(host) || known.has(withoutPort(host));
  return host => {
    if (isIn(host, exact)) return true;
    const dot = host.indexOf('.');
    return domains.size > 0 && label.test(host.slice(0, Math.max(0, dot))) && isIn(host.slice(dot + 1), domains);
  };
}

const isName = (host: string) => !host.startsWith('*.');

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function refuseOrigin(origin: string): never {
  fail('origin_refused', { origin: cut(origin, 200) });
}

function refuseHost(asked: string): never {
  const shown = cut(asked, 200);
  fail('host_refused', {
    host: shown,
    hint: `the request was for "${shown}"; if that is the gateway's name, add it to \`allowed_hosts\``,
  });
}

/** Returns all Host headers: Node keeps only the first one, but a proxy may have used another one. */
function hasSecondHost(rawHeaders: readonly string[]): boolean {
  let found = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') found += 1;
  }
  return found > 1;
}

/** Adds the name alone for the default ports of http and https, which clients leave out. */
const withPort = (name: string, port: number) =>
  port === 80 || port === 443 ? [name, `${name}:${port}`] : [`${name}:${port}`];

function isLoopbackOrigin(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && /^https?:$/.test(url.protocol) && loopbackNames.includes(url.hostname);
}
