import type { Json, JsonObject } from '../../core/json.ts';
import { KeptNumber } from '../../core/json-number.ts';
import type { Log } from '../../core/log.ts';
import { jsonRpc } from '../../mcp/errors.ts';

/** Requests that a server may have for its client, and what the gateway calls them. */
const notPassedOn: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

/** Characters of an id that is answered: the answer repeats it. */
const longestId = 1_000;

/** Answers a request of the server itself; returns the response, or undefined for what cannot be answered. */
export type AnswerServer = (message: JsonObject) => JsonObject | undefined;

/**
 * Answers the requests of one upstream: `ping` as such, and all others with an error that says who refuses. The first of
 * each kind is a warning in the log, over all connections.
 */
export function createServerAnswers(upstream: string, log: Log): AnswerServer {
  const told = new Set<string>();
  return ({ id, method }) => {
    if (typeof method !== 'string' || !isAnswerable(id)) return undefined;
    if (method === 'ping') return { jsonrpc: '2.0', id, result: {} };
    const kind = Object.hasOwn(notPassedOn, method) ? notPassedOn[method] : undefined;
    if (kind !== undefined && !told.has(kind)) {
      told.add(kind);
      log.warn({ upstream, method }, `the gateway does not pass on ${kind} requests to clients`);
    }
    const message =
      kind === undefined
        ? 'The Sallyport gateway does not support this method.'
        : `The Sallyport gateway does not pass on ${kind} requests to its clients.`;
    return { jsonrpc: '2.0', id, error: { code: jsonRpc.methodNotFound, message } };
  };
}

function isAnswerable(id: Json | undefined): boolean {
  if (typeof id === 'string') return id.length <= longestId;
  return typeof id === 'number' || (id instanceof KeptNumber && id.text.length <= longestId);
}
