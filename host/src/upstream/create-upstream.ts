import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { type Log, silentLog } from '../core/log.ts';
import type { Answer } from './answer.ts';
import type { Command } from './child-process.ts';
import {
  type Connection,
  type ConnectionEvents,
  type RequestTimes,
  SessionExpired,
  type UpstreamLimits,
} from './connection.ts';
import { createConnector } from './connector.ts';
import type { HttpAddress } from './http-client.ts';
import { connectHttp } from './http-connection.ts';
import { RequestTimer, requestTimes } from './request-timer.ts';
import { createServerAnswers } from './server-request.ts';
import { connectStdio } from './stdio-connection.ts';
import type { Notification, RequestOptions, Upstream } from './upstream.ts';

/** One entry of `upstreams` in sallyport.yaml. */
export type UpstreamEntry = {
  readonly id: string;
  /** Milliseconds that a request may take without progress; the gateway's own limit when absent. */
  readonly timeout_ms?: number | undefined;
  /** Milliseconds that a request may take however much progress it shows; the gateway's own limit when absent. */
  readonly max_timeout_ms?: number | undefined;
} & (
  | { readonly stdio: Command; readonly http?: undefined }
  | { readonly http: HttpAddress; readonly stdio?: undefined }
);

export interface UpstreamContext {
  readonly log?: Log;
  /** Milliseconds that starting and the handshake may take; 60,000 when absent (npx may have to download). */
  readonly startTimeoutMs?: number;
  /** Bytes of one answer; 32 MiB when absent. */
  readonly maxAnswerBytes?: number;
  /** Milliseconds that a request may take without progress; 60,000 when absent. */
  readonly requestTimeoutMs?: number | undefined;
  /** Milliseconds that a request may take in all; 600,000 when absent. */
  readonly maxRequestTimeoutMs?: number;
}

const listChanges = {
  tools: 'notifications/tools/list_changed',
  prompts: 'notifications/prompts/list_changed',
  resources: 'notifications/resources/list_changed',
};

/**
 * An upstream of either kind. Nothing is started before `start` or the first request; all callers share one
 * connection. Closing ends the session, or the child with all that it started.
 */
export function createUpstream(entry: UpstreamEntry, on: UpstreamContext = {}): Upstream {
  const { id } = entry;
  const log = on.log ?? silentLog();
  const limits: UpstreamLimits = {
    ...timesOf(entry, on),
    startTimeoutMs: on.startTimeoutMs ?? 60_000,
    maxAnswerBytes: on.maxAnswerBytes ?? 32 * 1024 * 1024,
  };
  const listeners = new Set<(notification: Notification) => void>();
  const closing = new AbortController();
  let latest: Connection | undefined;

  const tell = (notification: Notification) => {
    for (const listener of listeners) listener(notification);
  };

  const answerServer = createServerAnswers(id, log);

  const connect = async (): Promise<Connection> => {
    if (closing.signal.aborted) throw closedFault();
    const before = latest;
    let made: Connection | undefined;
    const events: ConnectionEvents = {
      log,
      limits,
      signal: closing.signal,
      onNotification: tell,
      answerServer,
      onLost: () => made && lose(made),
    };
    made = entry.stdio ? await connectStdio(id, entry.stdio, events) : await connectHttp(id, entry.http, events);
    latest = made;
    log.info({ upstream: id, server: made.facts.serverInfo, revision: made.facts.protocolVersion }, 'connected');
    // Who asked while it was not there must ask again; and where it was, it is another process, perhaps another version.
    for (const [kind, method] of Object.entries(listChanges)) {
      if (before !== undefined || made.facts.capabilities[kind] !== undefined) tell({ method });
    }
    return made;
  };
  const connector = createConnector<Connection>(id, connect, closing.signal);

  /** The connection, for which a request waits no longer than for its answer. */
  const arrival = async (method: string, options: RequestOptions) => {
    const { idle } = requestTimes(options, limits);
    const late = new AbortController();
    const { signal } = options;
    const timer = new RequestTimer(id, method, { idle, whole: idle }, fault => late.abort(fault));
    try {
      return await unlessAborted(
        connector.get(),
        signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
      );
    } finally {
      timer.stop();
    }
  };

  const closedFault = () => new Fault('upstream_unavailable', { upstream: id, hint: 'the gateway is closing it' });

  const lose = (connection: Connection) => {
    connector.lost(connection);
    void connection.release();
  };

  const ask = async (
    connection: Connection,
    method: string,
    params: JsonObject | undefined,
    options: RequestOptions,
  ) => {
    try {
      const answer = await connection.request(method, params, options);
      connector.proven();
      return answer;
    } catch (thrown) {
      // The connection itself says when it is lost in any other way.
      if (thrown instanceof SessionExpired) lose(connection);
      throw thrown;
    }
  };

  return {
    id,
    get ready() {
      return connector.current !== undefined;
    },
    get hearsSince() {
      return connector.current?.hearsSince;
    },
    get initialized() {
      return latest?.facts;
    },
    async start(signal) {
      await unlessAborted(connector.get(), signal);
    },
    async request(method, params, options = {}): Promise<Answer> {
      options.signal?.throwIfAborted();
      const connection = connector.current ?? (await arrival(method, options));
      try {
        return await ask(connection, method, params, options);
      } catch (thrown) {
        if (!(thrown instanceof SessionExpired)) throw thrown;
      }
      log.info({ upstream: id }, 'the session expired');
      const renewed = await arrival(method, options);
      try {
        return await ask(renewed, method, params, options);
      } catch (thrown) {
        if (!(thrown instanceof SessionExpired)) throw thrown;
        throw new Fault('upstream_garbage', { upstream: id, hint: 'it forgets a session as soon as it has made it' });
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      closing.abort(closedFault());
      listeners.clear();
      // A connection that is just being made is waited for, so that nothing stays behind.
      const connection = connector.current ?? (await connector.get().catch(() => undefined));
      if (connection) connector.lost(connection);
      await connection?.close();
    },
  };
}

function timesOf(entry: UpstreamEntry, on: UpstreamContext): RequestTimes {
  const { id, timeout_ms, max_timeout_ms } = entry;
  const idle =
    timeout_ms === undefined
      ? { ms: on.requestTimeoutMs ?? 60_000, setting: 'limits.request_timeout_ms' }
      : { ms: timeout_ms, setting: `upstreams.${id}.timeout_ms` };
  const whole =
    max_timeout_ms === undefined
      ? { ms: on.maxRequestTimeoutMs ?? 600_000, setting: 'limits.max_request_timeout_ms' }
      : { ms: max_timeout_ms, setting: `upstreams.${id}.max_timeout_ms` };
  return { idle, whole: whole.ms < idle.ms ? idle : whole };
}

/** Waits for what others wait for too: an abort ends our waiting, not their work. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
