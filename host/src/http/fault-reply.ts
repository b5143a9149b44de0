import { codes } from '../core/codes/index.ts';
import { Fault, toFault } from '../core/fault.ts';
import { type ErrorNumbers, errorNumber, sharedNumbers } from '../mcp/errors.ts';
import type { MessageId } from '../mcp/message.ts';
import type { Reply } from '../mcp/revision/reply.ts';

/** Seconds after which a client may try again. */
const retryAfter = '1';

const headersFor: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  overloaded: { 'retry-after': retryAfter },
  sessions_exhausted: { 'retry-after': retryAfter },
  streams_exhausted: { 'retry-after': retryAfter },
  draining: { 'retry-after': retryAfter, connection: 'close' },
  http_method_refused: { allow: 'POST, GET, DELETE' },
};

/**
 * Answers with what was thrown, as a JSON-RPC error with `data: {code, hint, request}`. A request that was understood
 * and could not be served is answered with status 200, because the MCP clients read no error from another status;
 * one that was refused at the door has the status of its refusal.
 * @param id `null` when it could not be read; `undefined` for a notification
 * @param numbers of the request's revision, when that is known
 */
export function faultReply(
  reply: Reply,
  thrown: unknown,
  id: MessageId | null | undefined,
  request: string,
  numbers: ErrorNumbers = sharedNumbers,
): void {
  const known = toFault(thrown);
  // Of a mistake of our own, clients are told no words: they may be of anything.
  const fault = known.code === 'internal' ? new Fault('internal') : known;
  const { http = 200, says, todo } = codes[fault.code];
  // A hint about an upstream may quote what it said, and no plugin has looked at that: it goes to the log alone.
  const hint = fault.code.startsWith('upstream_') ? todo : fault.hint;
  const data = { code: fault.code, hint, request, ...told(fault) };
  const headers = headersOf(fault);
  // An upstream's error keeps its code.
  const code = fault.details.rpc ?? errorNumber(numbers, fault.code);
  reply.answer(http, JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: says, data } }), headers);
}

function headersOf({
  code,
  details: { retry_after_ms: wait, allow },
}: Fault): Readonly<Record<string, string>> | undefined {
  if (typeof wait === 'number') return { 'retry-after': String(Math.ceil(wait / 1_000)) };
  return code === 'http_method_refused' && typeof allow === 'string' ? { allow } : headersFor[code];
}

/** Details that a client can act on: the upstream, its numbers, the limit, and the revisions it can choose from. */
const forClients = ['upstream', 'status', 'retry_after_ms', 'after_ms', 'setting', 'supported', 'requested'];

const told = ({ details }: Fault) =>
  Object.fromEntries(forClients.flatMap(name => (details[name] === undefined ? [] : [[name, details[name]]])));
