import type { Json, JsonObject } from '../../core/json.ts';
import { KeptNumber } from '../../core/json-number.ts';
import type { Log } from '../../core/log.ts';
import { jsonRpc } from '../../mcp/errors.ts';

/** Requests that a server may send its client, and the names of their features. */
const notPassedOn: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

/** The longest id, in characters, that is answered: the answer repeats it. */
const longestId = 1_000;

/** Returns the response to a request of the server; undefined for what cannot be answered. */
export type AnswerServer = (message: JsonObject) => JsonObject | undefined;

/**
 * Creates what answers the requests of one upstream: `ping` with a result, and all others with an error that names the
 * gateway. The first request of each kind is logged as a warning, once for all connections.
 */
export function createServerAnswers(upstream: string, log: Log): AnswerServer {
  const warned = new Set<string>();
  return ({ id, method }) => {
    if (typeof method !== 'string' || !isAnswerable(id)) return undefined;
    if (method === 'ping') return { jsonrpc: '2.0', id, result: {} };
    const kind = Object.hasOwn(notPassedOn, method) ? notPassedOn[method] : undefined;
    if (kind !== undefined && !warned.has(kind)) {
      warned.add(kind);
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
