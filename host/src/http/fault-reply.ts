import { codes } from '../core/codes/index.ts';
import { Fault, toFault } from '../core/fault.ts';
import { type ErrorNumbers, errorNumber, sharedNumbers } from '../mcp/errors.ts';
import type { MessageId } from '../mcp/message.ts';
import type { Reply } from '../mcp/revision/reply.ts';
import { elicitationOf } from '../mcp/url-elicitation.ts';
import type { Challenge } from './challenge.ts';

/** The seconds after which a client may retry. */
const retryAfter = '1';

const headersFor: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  overloaded: { 'retry-after': retryAfter },
  sessions_exhausted: { 'retry-after': retryAfter },
  streams_exhausted: { 'retry-after': retryAfter },
  draining: { 'retry-after': retryAfter, connection: 'close' },
  http_method_refused: { allow: 'POST, GET, DELETE' },
};

/** The request that is answered with an error. */
export interface FailedRequest {
  /** `null` if it could not be read; `undefined` for a notification. */
  readonly id: MessageId | null | undefined;
  readonly request: string;
  /** The error numbers of its revision, if known. */
  readonly numbers?: ErrorNumbers;
  /** Its path and query. */
  readonly url?: string | undefined;
  /** Its Host header. */
  readonly host?: string | undefined;
  readonly challenge?: Challenge;
}

/**
 * Answers with a thrown error as a JSON-RPC error with `data: {code, hint, request}`. A request that was understood but
 * could not be served is answered with status 200, because MCP clients do not read errors from other statuses; one that
 * was refused earlier has the status of its refusal.
 */
export function faultReply(
  reply: Reply,
  thrown: unknown,
  { id, request, numbers = sharedNumbers, url, host, challenge }: FailedRequest,
): void {
  const known = toFault(thrown);
  // The message of an internal error is not sent to clients, because it may contain anything.
  const fault = known.code === 'internal' ? new Fault('internal') : known;
  const { http = 200, says, todo } = codes[fault.code];
  // A hint about an upstream may quote text that no plugin has seen, so it goes only to the log.
  const hint = fault.code.startsWith('upstream_') ? todo : fault.hint;
  const elicitation = elicitationOf(fault);
  const elicitations = elicitation && [
    { mode: 'url', elicitationId: elicitation.id, url: elicitation.url, message: elicitation.message },
  ];
  const data = { code: fault.code, hint, request, ...told(fault), elicitations };
  // Many clients show their user the message alone.
  const message = elicitation === undefined ? says : `${says} ${elicitation.message} ${elicitation.url}`;
  const asked = challenge?.(fault, url, host);
  const headers = asked === undefined ? headersOf(fault) : { 'www-authenticate': asked };
  // An upstream's error keeps its code.
  const code = fault.details.rpc ?? errorNumber(numbers, fault.code);
  reply.answer(http, JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } }), headers);
}

/** Returns the headers of the answer to a refused request, such as when it may be tried again. */
export function headersOf({
  code,
  details: { retry_after_ms: wait, allow },
}: Fault): Readonly<Record<string, string>> | undefined {
  if (typeof wait === 'number') return { 'retry-after': String(Math.ceil(wait / 1_000)) };
  return code === 'http_method_refused' && typeof allow === 'string' ? { allow } : headersFor[code];
}

/** Details that a client can use: the upstream, its error number, the limit, and the supported revisions. */
const forClients = [
  'upstream',
  'status',
  'retry_after_ms',
  'after_ms',
  'setting',
  'supported',
  'requested',
  'scope',
  'violation',
];

const told = ({ details }: Fault) =>
  Object.fromEntries(forClients.flatMap(name => (details[name] === undefined ? [] : [[name, details[name]]])));
