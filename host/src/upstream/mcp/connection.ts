import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Log } from '../../core/log.ts';
import type { Answer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { RequestOptions } from '../upstream.ts';
import type { Handshake } from './handshake/handshake.ts';
import type { AnswerServer } from './server-request.ts';

/** One standing connection with one MCP session. It never heals: when it is lost, another is made. */
export interface Connection {
  readonly serverInfo: ServerInfo;
  /** As in Upstream. */
  readonly listeningSince: number | undefined;
  /** Whether the server may keep something for whoever uses it, as a process does, or a server that gave a session id. */
  readonly keepsState: boolean;
  request(method: string, params: JsonObject | undefined, options: RequestOptions): Promise<Answer>;
  /** Ends the session, or the child. */
  close(): Promise<void>;
  /** Lets go of a connection that is lost: what still runs on it may end, and the server is told nothing. */
  release(): Promise<void>;
}

/** One limit of time, and the setting that the operator changes it with. */
export interface TimeLimit {
  readonly ms: number;
  readonly setting: string;
}

/** The limits of one request: without a sign of progress, and in all. */
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
  /** How the gateway learns what the server is and offers. */
  readonly handshake: Handshake;
  readonly log: Log;
  readonly limits: UpstreamLimits;
  readonly signal: AbortSignal;
  onNotification(notification: Notification): void;
  readonly answerServer: AnswerServer;
  /** The connection is gone without having been closed by us. */
  onLost(): void;
}

/** Thrown by `request` when the server forgot our session. It did not act on the request: send it again on a new one. */
export class SessionExpired extends Error {
  override readonly name = 'SessionExpired';
  /** What the answer means where the session is new, so that it cannot be forgotten: an answer or a fault. */
  readonly refusal: () => Answer;

  constructor(refusal: () => Answer) {
    super();
    this.refusal = refusal;
  }
}

/** Whether a notification is about one call; all others are for everybody, whatever stream they come on. */
export const belongsToCall = ({ method }: Notification): boolean =>
  method === 'notifications/progress' || method === 'notifications/message';

/** Any message as a notification, when it is one. */
export function asNotification(message: JsonObject): Notification | undefined {
  const { method, id, params } = message;
  if (typeof method !== 'string' || id !== undefined) return undefined;
  return isJsonObject(params) ? { method, params } : { method };
}
