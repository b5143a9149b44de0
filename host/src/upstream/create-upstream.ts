import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { type Log, silentLog } from '../core/log.ts';
import type { Answer } from './answer.ts';
import type { Command } from './child-process.ts';
import { type Connection, type ConnectionEvents, SessionExpired, type UpstreamLimits } from './connection.ts';
import { createConnector } from './connector.ts';
import { connectHttp, type HttpAddress } from './http-connection.ts';
import { connectStdio } from './stdio-connection.ts';
import type { Notification, RequestOptions, Upstream } from './upstream.ts';

/** One entry of `upstreams` in sallyport.yaml. */
export type UpstreamEntry = {
  readonly id: string;
  /** Milliseconds that a request may take; 60,000 when absent. */
  readonly timeout_ms?: number | undefined;
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
    timeoutMs: entry.timeout_ms ?? 60_000,
    startTimeoutMs: on.startTimeoutMs ?? 60_000,
    maxAnswerBytes: on.maxAnswerBytes ?? 32 * 1024 * 1024,
  };
  const listeners = new Set<(notification: Notification) => void>();
  const closing = new AbortController();
  let latest: Connection | undefined;

  const tell = (notification: Notification) => {
    for (const listener of listeners) listener(notification);
  };

  const connector = createConnector<Connection>(id, async () => {
    if (closing.signal.aborted) throw closedFault();
    const before = latest;
    let made: Connection | undefined;
    const events: ConnectionEvents = {
      log,
      limits,
      signal: closing.signal,
      onNotification: tell,
      onLost: () => made && connector.lost(made),
    };
    made = entry.stdio ? await connectStdio(id, entry.stdio, events) : await connectHttp(id, entry.http, events);
    latest = made;
    log.info({ upstream: id, server: made.facts.serverInfo, revision: made.facts.protocolVersion }, 'connected');
    // Who asked while it was not there must ask again; and where it was, it is another process, perhaps another version.
    for (const [kind, method] of Object.entries(listChanges)) {
      if (before !== undefined || made.facts.capabilities[kind] !== undefined) tell({ method });
    }
    return made;
  });

  const closedFault = () => new Fault('upstream_unavailable', { upstream: id, hint: 'the gateway is closing it' });

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
      if (thrown instanceof SessionExpired || (thrown instanceof Fault && lostBy.has(thrown.code))) {
        connector.lost(connection);
        void connection.close();
      }
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
      const bounded = bound(options, entry.timeout_ms);
      const connection = connector.current ?? (await unlessAborted(connector.get(), options.signal));
      try {
        return await ask(connection, method, params, bounded);
      } catch (thrown) {
        if (!(thrown instanceof SessionExpired)) throw thrown;
      }
      log.info({ upstream: id }, 'the session expired');
      const renewed = await unlessAborted(connector.get(), options.signal);
      try {
        return await ask(renewed, method, params, bounded);
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

/** Faults after which the connection is not used again. */
const lostBy = new Set<string>(['upstream_closed', 'upstream_unavailable']);

/** What the operator wrote for this upstream is the most that a request may take. */
const bound = (options: RequestOptions, most: number | undefined): RequestOptions =>
  options.timeoutMs === undefined || most === undefined || options.timeoutMs <= most
    ? options
    : { ...options, timeoutMs: most };

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
