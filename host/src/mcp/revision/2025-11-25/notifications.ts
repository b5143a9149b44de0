import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import { severity } from '../../log-level.ts';
import type { Notification } from '../../message.ts';
import type { ClientRequest } from '../gateway-port.ts';
import type { NotificationStream } from '../reply.ts';
import type { Exchange } from '../revision.ts';
import type { Session } from './live-sessions.ts';

/** The default log level of a client: the specification leaves it to the server. */
const defaultLogLevel = 'info';
/** The members of a log message that are passed on; others could contain anything. */
const listChanges = new Set(['tools', 'prompts', 'resources'].map(kind => `notifications/${kind}/list_changed`));

/** Whether the client names event streams in Accept; a client that accepts anything may not read them. */
export const acceptsEvents = ({ accept }: IncomingHttpHeaders): boolean =>
  accept?.includes('text/event-stream') ?? false;

/**
 * Creates the listener that sends progress and log messages of a call to its client, with the client's own progress
 * token. Returns undefined if the client reads no event streams.
 */
export function notificationsOfCall(
  { headers, reply }: Exchange,
  session: Session,
  { _meta }: JsonObject,
): ClientRequest['onNotification'] {
  if (!acceptsEvents(headers)) return undefined;
  const token = isJsonObject(_meta) ? _meta.progressToken : undefined;
  return ({ method, params }) => {
    if (method === 'notifications/progress') {
      return token === undefined ? undefined : reply.notify(textOf(method, { ...params, progressToken: token }));
    }
    const isWanted =
      method === 'notifications/message' &&
      severity(params?.level) >= severity(session.facts.logLevel ?? defaultLogLevel);
    return isWanted ? reply.notify(textOf(method, params)) : undefined;
  };
}

/**
 * Sends an upstream's own message to a client on one of its open streams. Log messages of a shared connection are sent
 * only to clients that set a level, because they may be about another client's call.
 */
export function notifySession({ facts, streams }: Session, { method, params }: Notification, isShared: boolean): void {
  if (method === 'notifications/message') {
    const level = facts.logLevel ?? (isShared ? undefined : defaultLogLevel);
    if (level === undefined || severity(params?.level) < severity(level)) return;
  } else if (!listChanges.has(method)) return;
  newestThatReads(streams)?.notify(textOf(method, params));
}

/** Notifies a client that its user did what a page was for, if the client listens. */
export const notifyElicitationComplete = ({ streams }: Session, elicitationId: string): void =>
  void newestThatReads(streams)?.notify(textOf('notifications/elicitation/complete', { elicitationId }));

/** Sends a message to one stream only (MCP 2025-11-25, Transports § Multiple Connections). */
const newestThatReads = (streams: readonly NotificationStream[]) =>
  streams.findLast(({ waiting }) => waiting === 0) ?? streams.at(-1);

const textOf = (method: string, params: JsonObject | undefined) => JSON.stringify({ jsonrpc: '2.0', method, params });
