import { ContractBroken, LimitExceeded } from '../../../capability/lane/lane-side.ts';
import type { FailureCause } from '../../../contract/hook-call.ts';
import { cut } from '../../../core/cut.ts';

/** The reason why a call returned no outcome, and whether its instance may serve again. */
export interface Failure {
  readonly cause: FailureCause;
  readonly message: string;
  /** Whether the guest declared it as the `err` of a `result`. The instance is then intact. */
  readonly declared: boolean;
}

/** What glue of another realm threw, described there. Nothing of that realm is in it. */
export class GlueFailure extends Error {
  override readonly name: string;
  readonly payload: string | undefined;

  /** @param payload that of a declared error */
  constructor(name: string, message: string, payload?: string) {
    super(message);
    this.name = name;
    this.payload = payload;
  }
}

/** Classifies what the glue threw. It may be of a class of the glue's realm, so its name is compared. */
export function failureOf(thrown: unknown): Failure {
  const { name, message, payload } = membersOf(thrown);
  if (payload !== undefined) return { cause: 'trap', message: short(String(payload)), declared: true };
  if (thrown instanceof LimitExceeded) return { cause: 'limit', message: short(message), declared: false };
  if (thrown instanceof ContractBroken || name === 'TypeError')
    return { cause: 'invalid_output', message: short(message), declared: false };
  return { cause: 'trap', message: short(`${name}: ${message}${guestStack(thrown)}`), declared: false };
}

function membersOf(thrown: unknown): { name: string; message: string; payload?: unknown } {
  if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: String(thrown) };
  if (thrown instanceof GlueFailure) {
    const { name, message, payload } = thrown;
    return { name, message, ...(payload !== undefined && { payload }) };
  }
  const { message } = thrown as { message?: unknown };
  const name = thrown.constructor?.name ?? 'Error';
  const payload = name === 'ComponentError' && 'payload' in thrown ? { payload: thrown.payload } : {};
  return { name, message: typeof message === 'string' ? message : '', ...payload };
}

const shownFrames = 8;

/** Returns the guest's own functions on the stack, innermost first, where the component has kept their names. */
function guestStack(thrown: unknown): string {
  const isDescribed = thrown instanceof GlueFailure;
  const stack =
    !isDescribed && typeof thrown === 'object' && thrown !== null && 'stack' in thrown ? String(thrown.stack) : '';
  const frames = [...stack.matchAll(/^\s*at (.+?) \(?wasm:\/\//gm)].map(match => match[1] ?? '');
  const named = frames.filter(frame => frame !== '' && !frame.startsWith('wasm-function['));
  return named.length === 0 ? '' : ` in ${named.slice(0, shownFrames).join(' < ')}`;
}

/** The messages of QuickJS, Python and Rust when a guest gets no more memory. */
const memoryMessage = /^InternalError: out of memory|\bMemoryError\b|memory allocation of \d+ bytes failed/;

/**
 * Returns the failure, as one of the memory limit if that is its reason. Guests fail in ways of their own when they get
 * no more memory: with an exception, a trap or a declared error.
 * @param grownTo the size of its memory, in bytes, if it grew in this call; otherwise 0
 */
export function outOfMemory(failure: Failure, grownTo: number, limitBytes: number): Failure {
  const { cause, message, declared } = failure;
  // Some allocators double what they have, so half of the limit is as far as they get.
  const isFull = grownTo >= (limitBytes * (declared ? 7 : 4)) / 8;
  if (cause !== 'trap' || !(isFull || memoryMessage.test(message))) return failure;
  const allowed = `${Math.floor(limitBytes / 2 ** 20)} MiB of memory are allowed (limits.memory_mib)`;
  return { declared, cause: 'limit', message: short(`${allowed}: ${message}`) };
}

const short = (text: string): string => cut(text, 1000);
