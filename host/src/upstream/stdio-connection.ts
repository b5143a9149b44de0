import type { Transport } from '@modelcontextprotocol/client';
import { Fault } from '../core/fault.ts';
import { isJsonObject, type Json, type JsonObject, withDoubles } from '../core/json.ts';
import { readJson } from '../core/json-reader.ts';
import { JsonExcess } from '../core/json-scan.ts';
import { type Answer, readAnswer } from './answer.ts';
import { type Child, type Command, startChild } from './child-process.ts';
import { asNotification, type Connection, type ConnectionEvents, withOwnProgressToken } from './connection.ts';
import { readId } from './exchange-id.ts';
import { handshakeFault, shakeHands } from './handshake.ts';
import { createRequestIds, ownId } from './request-id.ts';
import type { RequestOptions } from './upstream.ts';

/** An id that no request has. */
const none = -1;

interface Pending {
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
  readonly onNotification: RequestOptions['onNotification'];
}

/**
 * Starts a child and shakes hands with it (MCP 2025-11-25, Transports § stdio). The MCP client and our own requests
 * share its two pipes: an answer goes to whoever has its id.
 * @throws Fault `upstream_unavailable`, `upstream_timeout`, `upstream_garbage`
 */
export async function connectStdio(upstream: string, command: Command, on: ConnectionEvents): Promise<Connection> {
  const pending = new Map<number, Pending>();
  const nextId = createRequestIds();
  let lost: Fault | undefined;
  let closing = false;
  let child: Child | undefined;

  const lose = (fault: Fault) => {
    if (lost !== undefined) return;
    lost = fault;
    for (const { reject } of pending.values()) reject(fault);
    pending.clear();
    transport.onclose?.();
    if (!closing) on.onLost();
  };

  const read = (line: string) => {
    let message: Json | undefined;
    try {
      message = readJson(line);
    } catch (thrown) {
      if (thrown instanceof JsonExcess) return refuse(line, thrown.message);
      if (line[0] !== '{') return on.log.warn({ upstream, line: line.slice(0, 200) }, 'a line of stdout is no message');
    }
    if (!isJsonObject(message)) {
      lose(new Fault('upstream_garbage', { upstream, hint: `it wrote ${line.slice(0, 80)}` }));
      return void child?.close();
    }
    const waiting = pending.get(ownId(message.id) ?? none);
    if (waiting !== undefined && message.method === undefined) return settle(waiting, message, line);
    const notification = asNotification(message);
    const token = notification?.params?.progressToken;
    if (notification && token !== undefined) return pending.get(ownId(token) ?? none)?.onNotification?.(notification);
    if (notification) on.onNotification(notification);
    transport.onmessage?.(withDoubles(message) as unknown as Parameters<NonNullable<Transport['onmessage']>>[0]);
  };

  /** An answer that is out of bounds is the failure of its own request, and of no other. */
  const refuse = (line: string, why: string) => {
    const id = ownId(readId(line)) ?? none;
    const fault = new Fault('upstream_too_large', { upstream, hint: `Its answer is ${why}.` });
    const waiting = pending.get(id);
    if (waiting === undefined) on.log.warn({ upstream, why }, 'a message was left out');
    pending.delete(id);
    waiting?.reject(fault);
  };

  const settle = (waiting: Pending, message: JsonObject, line: string) => {
    pending.delete(ownId(message.id) ?? none);
    try {
      waiting.resolve(readAnswer(upstream, message, line));
    } catch (fault) {
      waiting.reject(fault);
    }
  };

  const transport: Transport = {
    async start() {
      child = await startChild(command, on.limits.maxAnswerBytes, {
        onLine: read,
        onStderr: line => on.log.info({ upstream, line: line.slice(0, 2_000) }, 'stderr'),
        onTooLong: () => lose(new Fault('upstream_too_large', { upstream, limit_bytes: on.limits.maxAnswerBytes })),
        onExit: reason =>
          lose(new Fault('upstream_closed', { upstream, hint: `${reason}; see its stderr in the log` })),
      });
    },
    async send(message) {
      child?.send(JSON.stringify(message));
    },
    async close() {
      closing = true;
      await child?.close();
    },
  };

  try {
    const { facts } = await shakeHands(transport, on.signal, on.limits.startTimeoutMs);
    if (lost) throw lost;
    return { facts, hearsSince: Date.now(), request, close: () => transport.close() };
  } catch (thrown) {
    const cause = lost;
    await transport.close();
    throw cause ?? handshakeFault(upstream, thrown, on);
  }

  function request(method: string, params: JsonObject | undefined, options: RequestOptions): Promise<Answer> {
    if (lost) return Promise.reject(lost);
    const id = nextId();
    const { signal, onNotification, timeoutMs = on.limits.timeoutMs } = options;
    return new Promise((resolve, reject) => {
      const give = (reason: string) => {
        pending.delete(id);
        const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } };
        child?.send(JSON.stringify(cancelled));
      };
      const abort = () => {
        give('the caller cancelled');
        end(() => reject(signal?.reason));
      };
      const timer = setTimeout(() => {
        give('timed out');
        end(() => reject(new Fault('upstream_timeout', { upstream, method, after_ms: timeoutMs })));
      }, timeoutMs);
      const end = (settle: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      signal?.addEventListener('abort', abort);
      pending.set(id, {
        onNotification,
        resolve: answer => end(() => resolve(answer)),
        reject: reason => end(() => reject(reason)),
      });
      const sent = withOwnProgressToken(params, onNotification === undefined ? undefined : id);
      child?.send(JSON.stringify({ jsonrpc: '2.0', id, method, params: sent }));
    });
  }
}
