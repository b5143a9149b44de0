import type { IncomingHttpHeaders } from 'node:http';
import { cut } from '../../core/cut.ts';
import { fail } from '../../core/fault.ts';

export interface AdmissionOptions {
  /** The address that is listened on. */
  readonly host: string;
  readonly port: number;
  /** Values of Host beside those of loopback: `name` for any port, or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Values of Origin beside those of loopback: `https://app.example.com`. */
  readonly allowedOrigins: readonly string[];
}

/** What admission looks at in a request. */
export interface Arrival {
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** The address at the other end of the connection. */
  readonly remoteAddress: string | undefined;
}

/** The two checks that every request passes first. */
export interface Admission {
  /** @throws Fault `origin_refused` */
  checkOrigin(headers: IncomingHttpHeaders): void;
  /** @throws Fault `host_ambiguous`, `host_refused` */
  checkHost(arrival: Arrival): void;
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** Whether an address to listen on can be reached from this machine alone. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1|\[::1\])$/.test(host);

/** Headers by which a proxy says that it forwards a request, whose client may be anywhere. */
const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** Whether a request comes from this machine: over loopback, and not through a proxy that says so. */
export const isFromHere = ({ headers, remoteAddress = '' }: Omit<Arrival, 'rawHeaders'>): boolean =>
  /^(::ffff:)?127\.|^::1$/.test(remoteAddress) && forwarding.every(name => headers[name] === undefined);

/** Wildcard addresses, which include loopback. */
const everyAddress = /^(0\.0\.0\.0|::|\[::\])$/;

/**
 * Makes the checks of Host and Origin. A page that a browser loaded from anywhere can send requests to this machine; its
 * Origin, or after DNS rebinding its Host, gives it away (MCP 2025-11-25, Transports § Security).
 *
 * On a wildcard address, the names of this machine are accepted from this machine only: from elsewhere, a Host of
 * `localhost` is made up, or comes through a proxy whose name the operator has to configure.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { host, port, allowedHosts, allowedOrigins } = options;
  const local = isLoopback(host);
  const own = new Set(loopbackNames.flatMap(name => withPort(name, port)));
  const named = new Set([...(local ? own : []), ...allowedHosts.map(name => name.toLowerCase())]);
  const fromHere: ReadonlySet<string> = everyAddress.test(host) ? own : new Set();
  const origins = new Set(allowedOrigins.map(origin => origin.toLowerCase()));

  return {
    checkOrigin({ origin }) {
      if (origin === undefined || origins.has(origin.toLowerCase()) || (local && isLoopbackOrigin(origin))) return;
      fail('origin_refused', { origin: cut(origin, 200) });
    },
    checkHost({ headers, rawHeaders, remoteAddress }) {
      const { host: asked = '' } = headers;
      if (hasSecondHost(rawHeaders)) fail('host_ambiguous');
      if (named.has(asked)) return;
      const name = asked.toLowerCase();
      if (named.has(name) || named.has(name.replace(/:\d+$/, ''))) return;
      if (fromHere.has(name) && isFromHere({ headers, remoteAddress })) return;
      const shown = cut(asked, 200);
      fail('host_refused', {
        host: shown,
        hint: `the request was for "${shown}"; if that is the gateway's name, add it to \`allowed_hosts\``,
      });
    },
  };
}

/** Node keeps the first of several; a proxy in front of the gateway may have used another one. */
function hasSecondHost(rawHeaders: readonly string[]): boolean {
  let found = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') found += 1;
  }
  return found > 1;
}

/** A client leaves the port out when it is the scheme's own. */
const withPort = (name: string, port: number) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]);

function isLoopbackOrigin(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && /^https?:$/.test(url.protocol) && loopbackNames.includes(url.hostname);
}
