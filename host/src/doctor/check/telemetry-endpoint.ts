import { connect } from 'node:net';
import { isLoopback } from '../../core/loopback.ts';
import type { Check } from '../check.ts';

const longestMs = 5_000;

/** Returns why nothing can be sent to a host, by a connection that is closed at once. */
const whyUnreachable = (url: URL): Promise<string | undefined> =>
  new Promise(resolve => {
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: longestMs });
    const end = (reason?: string) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(`no connection within ${longestMs / 1000} s`));
    socket.once('error', error => end(error.message));
  });

/** Whether requests to other machines go through a proxy. */
const hasProxy = (env: NodeJS.ProcessEnv): boolean =>
  ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some(name => Boolean(env[name]));

/** Whether the collector of traces and metrics can be reached. */
export const telemetryEndpoint: Check = {
  id: 'DR407',
  severity: 'warning',
  about: 'whether the collector of `telemetry` can be reached',
  why: 'Traces and metrics are dropped. Requests are not affected.',
  fix: 'Check that the collector is running, and that `telemetry.otlp.endpoint` is correct.',
  isOnline: true,
  async find({ config: { telemetry }, machine: { env } }) {
    if (telemetry === undefined) return [];
    const { endpoint } = telemetry.otlp;
    const url = new URL(endpoint);
    // Exports go through the proxy then, and a connection from here may be impossible.
    if (hasProxy(env) && !isLoopback(url.hostname)) return [];
    const reason = await whyUnreachable(url);
    return reason === undefined
      ? []
      : [{ what: `Cannot connect to ${endpoint}: ${reason}.`, at: 'telemetry.otlp.endpoint' }];
  },
};
