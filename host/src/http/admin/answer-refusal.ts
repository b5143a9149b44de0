import { codes } from '../../core/codes/index.ts';
import { Fault, toFaults } from '../../core/fault.ts';
import type { SecretMask } from '../../core/secret-mask.ts';
import type { ReplyHeaders } from '../../mcp/revision/reply.ts';
import { createChallenge } from '../challenge.ts';
import { headersOf } from '../fault-reply.ts';
import type { HttpReply } from '../reply.ts';

/** The headers of every answer. */
export const adminHeaders: ReplyHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

const challenge = createChallenge();

/**
 * Answers a request to the management API with what was thrown. All problems are listed, with their places.
 * @returns the fault that decided
 */
export function answerRefusal(
  reply: HttpReply,
  thrown: unknown,
  { request, mask }: { readonly request: string; readonly mask: SecretMask },
): Fault {
  const faults = toFaults(thrown);
  const fault = faults[0] ?? new Fault('internal');
  // The message of an internal error may contain anything.
  const shown = fault.code === 'internal' ? new Fault('internal') : fault;
  const { says, http = shown.code === 'internal' ? 500 : 422 } = codes[shown.code];
  const problems = faults.filter(({ details }) => Object.keys(details).some(name => name !== 'hint'));
  const answer = {
    error: { code: shown.code, message: says, hint: shown.hint, request },
    ...(shown.code !== 'internal' && problems.length > 0 && { problems: problems.map(problemOf) }),
  };
  const asked = challenge(shown, undefined);
  const headers = { ...adminHeaders, ...headersOf(shown), ...(asked && { 'www-authenticate': asked }) };
  reply.answer(http, JSON.stringify(mask.value(answer)), headers);
  return fault;
}

const problemOf = ({ code, message, details, hint }: Fault) => ({ code, message, ...details, hint });
