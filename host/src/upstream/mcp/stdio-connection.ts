import { Fault } from '../../core/fault.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { readJson } from '../../core/json-reader.ts';
import { JsonExcess } from '../../core/json-scan.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import { type Answer, readAnswer } from '../../mcp/answer.ts';
import { readId } from '../../mcp/exchange-id.ts';
import type { Notification } from '../../mcp/message.ts';
import { createRequestIds, idAtEdge, ownId } from '../../mcp/request-id.ts';
import type { RequestOptions } from '../upstream.ts';
import { type Child, type Command, startChild } from './child-process.ts';
import {
  asNotification,
  belongsToCall,
  type Connection,
  type ConnectionEvents,
  type RequestTimes,
  withOwnProgressToken,
} from './connection.ts';
import type { Peer } from './handshake/handshake.ts';
import { RequestTimer, requestTimes } from './request-timer.ts';
import { createSkippedOutputLog, createStderrLog } from './server-output-log.ts';
import { withinStartDeadline } from './start-deadline.ts';

/** Bytes that wait for a child to read them, beyond which its own requests are not answered. */
const mostUnread = 64 * 1024;
/** An id that no request has. */
const none = -1;

interface Pending {
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
  hear(notification: Notification): void;
}

/**
 * Starts a child and shakes hands with it (MCP 2025-11-25, Transports § stdio). A line that cannot be understood is
 * skipped: it ends a single request where it says which one, and never the child.
 * @throws Fault `upstream_…`
 */
export async function connectStdio(upstream: string, command: Command, on: ConnectionEvents): Promise<Connection> {
  const pending = new Map<number, Pending>();
  const nextId = createRequestIds();
  const logSkippedLine = createSkippedOutputLog(upstream, on.log, 'line of stdout');
  const logStderr = createStderrLog(upstream, on.log);
  const leftOut = new RepeatedWarning(on.log, 'ignoring a message');
  const longLines = new RepeatedWarning(on.log, 'ignoring a line of stdout that is too long');
  let lost: Fault | undefined;
  let isClosing = false;
  let child: Child | undefined;
  let lastStderr = '';

  const onExit = (reason: string) => {
    if (!isClosing) on.log.warn({ upstream, reason, stderr: lastStderr }, 'the process of the upstream ended');
    lost = new Fault('upstream_closed', { upstream, hint: `${reason}; see its stderr in the log` });
    for (const { reject } of pending.values()) reject(lost);
    pending.clear();
    if (!isClosing) on.onLost();
  };

  const read = (line: string) => {
    let message: Json | undefined;
    try {
      message = line[0] === '{' ? readJson(line) : undefined;
    } catch (thrown) {
      if (thrown instanceof JsonExcess) return refuse(line, thrown.message);
      // Where it is half an answer, whoever waits for that need not wait any longer.
      const waiting = pending.get(idAtEdge(line, line) ?? none);
      waiting?.reject(new Fault('upstream_garbage', { upstream, hint: `it wrote ${line.slice(0, 80)}` }));
    }
    if (!isJsonObject(message)) return logSkippedLine(line);
    const notification = asNotification(message);
    if (notification !== undefined) return hear(notification);
    if (typeof message.method === 'string') {
      const response = on.answerServer(message);
      // Who floods us with requests and reads no answers must not fill our memory.
      if (response !== undefined && child !== undefined && child.unsent <= mostUnread) {
        child.send(JSON.stringify(response));
      }
      return;
    }
    const waiting = pending.get(ownId(message.id) ?? none);
    if (waiting !== undefined) settle(waiting, message, line);
    else if (message.jsonrpc === undefined || message.id === null) logSkippedLine(line);
    else on.log.debug({ upstream, id: message.id }, 'an answer to an unknown request');
  };

  /** An answer that is out of bounds is the failure of its own request, and of no other. */
  const refuse = (line: string, why: string) => {
    const waiting = pending.get(ownId(readId(line)) ?? none);
    if (waiting === undefined) leftOut.write(upstream, { upstream, why });
    waiting?.reject(new Fault('upstream_too_large', { upstream, hint: `Its answer is ${why}.` }));
  };

  const hear = (notification: Notification) => {
    if (!belongsToCall(notification)) return on.onNotification(notification);
    const token = notification.params?.progressToken;
    // Nothing says whose call a log message belongs to.
    if (token === undefined) return on.onNotification(notification);
    pending.get(ownId(token) ?? none)?.hear(notification);
  };

  const settle = (waiting: Pending, message: JsonObject, line: string) => {
    try {
      waiting.resolve(readAnswer(upstream, message, line));
    } catch (fault) {
      waiting.reject(fault);
    }
  };

  const onLongLine = (head: string, tail: string) => {
    const limit = on.limits.maxAnswerBytes;
    const waiting = pending.get(idAtEdge(head, tail) ?? none);
    if (waiting !== undefined) waiting.reject(new Fault('upstream_too_large', { upstream, limit_bytes: limit }));
    else if (tail !== '') longLines.write(upstream, { upstream, limit_bytes: limit, line: head });
  };

  const send = (method: string, params: JsonObject | undefined, times: RequestTimes, options: RequestOptions) => {
    if (lost) return Promise.reject(lost);
    if (child === undefined || child.unsent > on.limits.maxAnswerBytes) {
      const hint = `it does not read its stdin: ${child?.unsent} bytes are waiting`;
      return Promise.reject(new Fault('upstream_unavailable', { upstream, hint }));
    }
    const id = nextId();
    const { signal, onNotification } = options;
    const own = child;
    return new Promise<Answer>((resolve, reject) => {
      const giveUp = (reason: unknown, told: string) => {
        end();
        reject(reason);
        if (method === 'initialize') return;
        const params = { requestId: id, reason: told };
        own.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }));
      };
      const abort = () => giveUp(signal?.reason, 'the caller cancelled');
      const timer = new RequestTimer(upstream, method, times, fault => giveUp(fault, 'timed out'));
      const end = () => {
        pending.delete(id);
        timer.stop();
        signal?.removeEventListener('abort', abort);
      };
      let isBusy = false;
      signal?.addEventListener('abort', abort);
      pending.set(id, {
        hear(notification) {
          timer.extend();
          // All calls share the pipe, so nobody can be made to wait: what comes too fast is dropped.
          if (isBusy) return;
          const busy = onNotification?.(notification);
          if (!(busy instanceof Promise)) return;
          isBusy = true;
          const goOn = () => {
            isBusy = false;
          };
          busy.then(goOn, goOn);
        },
        resolve(answer) {
          end();
          resolve(answer);
        },
        reject(reason) {
          end();
          reject(reason);
        },
      });
      const sent = withOwnProgressToken(params, onNotification === undefined ? undefined : id);
      own.send(JSON.stringify({ jsonrpc: '2.0', id, method, params: sent }));
    });
  };

  const peer: Peer = {
    request(method, params, signal) {
      const start = { ms: on.limits.startTimeoutMs, setting: 'limits.upstream_start_ms' };
      return send(method, params, { idle: start, whole: start }, { signal });
    },
    async notify(method) {
      child?.send(JSON.stringify({ jsonrpc: '2.0', method }));
    },
  };

  const spawning = startChild(command, on.limits.maxAnswerBytes, {
    onLine: read,
    onStderr(line) {
      lastStderr = line.slice(0, 2_000);
      logStderr(lastStderr);
    },
    onLongLine,
    onExit,
  });
  try {
    const serverInfo = await withinStartDeadline(upstream, on, async signal => {
      child = await spawning;
      return on.handshake(upstream, peer, signal);
    });
    if (lost) throw lost;
    const hearsSince = Date.now();
    const close = async () => {
      isClosing = true;
      await child?.close();
    };
    return {
      serverInfo,
      keepsState: true,
      hearsSince,
      request: (method, params, options) => send(method, params, requestTimes(options, on.limits), options),
      close,
      release: close,
    };
  } catch (thrown) {
    isClosing = true;
    await spawning.then(
      started => started.close(),
      () => {},
    );
    throw thrown;
  }
}
