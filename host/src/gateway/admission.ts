import type { IncomingHttpHeaders } from 'node:http';
import { fail } from '../core/fault.ts';

export interface AdmissionOptions {
  /** The address that is listened on. */
  readonly host: string;
  readonly port: number;
  /** Values of Host beside those of loopback: `name` for any port, or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Values of Origin beside those of loopback: `https://app.example.com`. */
  readonly allowedOrigins: readonly string[];
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** Whether an address to listen on can be reached from this machine alone. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1|\[::1\])$/.test(host);

/**
 * Makes the check that every request passes first. A page that a browser loaded from anywhere can send requests to
 * this machine; its Origin, or after DNS rebinding its Host, gives it away (MCP 2025-11-25, Transports § Security).
 * @returns a check that throws Fault `host_refused`, `origin_refused`
 */
export function createAdmission(options: AdmissionOptions): (headers: IncomingHttpHeaders) => void {
  const { host, port, allowedHosts, allowedOrigins } = options;
  const local = isLoopback(host);
  const hosts = new Set([
    ...(local ? loopbackNames.flatMap(name => withPort(name, port)) : []),
    ...allowedHosts.map(name => name.toLowerCase()),
  ]);
  const origins = new Set(allowedOrigins.map(origin => origin.toLowerCase()));

  return ({ host: asked = '', origin }) => {
    if (!hosts.has(asked)) {
      const name = asked.toLowerCase();
      if (!hosts.has(name) && !hosts.has(name.replace(/:\d+$/, ''))) fail('host_refused', { host: asked });
    }
    if (origin !== undefined && !origins.has(origin.toLowerCase()) && !(local && isLoopbackOrigin(origin))) {
      fail('origin_refused', { origin });
    }
  };
}

/** A client leaves the port out when it is the scheme's own. */
const withPort = (name: string, port: number) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]);

function isLoopbackOrigin(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && /^https?:$/.test(url.protocol) && loopbackNames.includes(url.hostname);
}
