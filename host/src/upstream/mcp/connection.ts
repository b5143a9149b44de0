import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Log } from '../../core/log.ts';
import type { Answer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { ConnectionAuth } from '../auth/connection-auth.ts';
import type { RequestOptions } from '../upstream.ts';
import type { Handshake } from './handshake/handshake.ts';
import type { AnswerServer } from './server-request.ts';

/** One open connection with one MCP session. A lost connection is not repaired: the pool makes another. */
export interface Connection {
  readonly serverInfo: ServerInfo;
  /** As in Upstream. */
  readonly listeningSince: number | undefined;
  /** Whether the server may keep state for the client, as a process does, or a server that sent a session id. */
  readonly keepsState: boolean;
  request(method: string, params: JsonObject | undefined, options: RequestOptions): Promise<Answer>;
  /** Ends the session, or the child. */
  close(): Promise<void>;
  /** Drops a lost connection: running requests may end, and the server is sent nothing. */
  release(): Promise<void>;
}

/** A time limit, and the setting that changes it. */
export interface TimeLimit {
  readonly ms: number;
  readonly setting: string;
}

/** The time limits of one request: without progress, and in total. */
export interface RequestTimes {
  readonly idle: TimeLimit;
  readonly whole: TimeLimit;
}

/** Limits of an upstream. */
export interface UpstreamLimits extends RequestTimes {
  /** Milliseconds that starting and the handshake may take. */
  readonly startTimeoutMs: number;
  /** Bytes of one answer. */
  readonly maxAnswerBytes: number;
}

/** What a new connection gets from its pool. */
export interface ConnectionContext {
  /** Finds out the server's revision and capabilities. */
  readonly handshake: Handshake;
  readonly log: Log;
  readonly limits: UpstreamLimits;
  readonly signal: AbortSignal;
  onNotification(notification: Notification): void;
  readonly answerServer: AnswerServer;
  /** The credentials of its requests; absent where the upstream has no `auth`. */
  readonly auth?: ConnectionAuth | undefined;
  /** The connection ended without having been closed by the gateway. */
  onLost(): void;
}

/** Thrown by `request` when the server forgot our session. It did not act on the request, so it can be sent again. */
export class SessionExpired extends Error {
  override readonly name = 'SessionExpired';
  /** Reads the response as an answer or a fault, for a session that is too new to be forgotten. */
  readonly refusal: () => Answer;

  constructor(refusal: () => Answer) {
    super();
    this.refusal = refusal;
  }
}

/** Whether a notification may belong to one call. All others are for every client, on whatever stream they arrive. */
export const belongsToCall = ({ method }: Notification): boolean =>
  method === 'notifications/progress' || method === 'notifications/message';

/** Returns the message as a notification; undefined when it is not one. */
export function asNotification(message: JsonObject): Notification | undefined {
  const { method, id, params } = message;
  if (typeof method !== 'string' || id !== undefined) return undefined;
  return isJsonObject(params) ? { method, params } : { method };
}
