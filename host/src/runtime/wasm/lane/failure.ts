import { ContractBroken, LimitExceeded } from '../../../capability/lane/lane-side.ts';
import type { FailureCause } from '../../../contract/hook-call.ts';
import { cut } from '../../../core/cut.ts';

/** Why a call yielded no outcome, and whether the instance may serve again. */
export interface Failure {
  readonly cause: FailureCause;
  readonly message: string;
  /** The guest declared it (`err` of a `result`): the instance is whole. */
  readonly declared: boolean;
}

/** Reads what the glue threw. Values may come from the glue's realm, so they are known by name and not by class. */
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
  const { message } = thrown as { message?: unknown };
  const name = thrown.constructor?.name ?? 'Error';
  const payload = name === 'ComponentError' && 'payload' in thrown ? { payload: thrown.payload } : {};
  return { name, message: typeof message === 'string' ? message : '', ...payload };
}

const shownFrames = 8;

/** The guest's own functions on the stack, innermost first, where the component has kept their names. */
function guestStack(thrown: unknown): string {
  const stack = typeof thrown === 'object' && thrown !== null && 'stack' in thrown ? String(thrown.stack) : '';
  const frames = [...stack.matchAll(/^\s*at (.+?) \(?wasm:\/\//gm)].map(match => match[1] ?? '');
  const named = frames.filter(frame => frame !== '' && !frame.startsWith('wasm-function['));
  return named.length === 0 ? '' : ` in ${named.slice(0, shownFrames).join(' < ')}`;
}

/** What engines say when a guest gets no more memory: QuickJS, Python, Rust. */
const memoryWords = /^InternalError: out of memory|\bMemoryError\b|memory allocation of \d+ bytes failed/;

/**
 * The failure, as one of the memory limit where it is that. What a guest fails with when it gets no more memory is its
 * own affair: an exception, a trap, anything that it can still say.
 * @param grownTo bytes that its memory has come to in this call; 0 where it did not grow
 */
export function outOfMemory(failure: Failure, grownTo: number, limitBytes: number): Failure {
  const { cause, message, declared } = failure;
  // Whoever grows doubles what it has, so that half of the limit is as far as some get.
  const isFull = grownTo >= (limitBytes * (declared ? 7 : 4)) / 8;
  if (cause !== 'trap' || !(isFull || memoryWords.test(message))) return failure;
  const allowed = `${Math.floor(limitBytes / 2 ** 20)} MiB of memory are allowed (limits.memory_mib)`;
  return { declared, cause: 'limit', message: short(`${allowed}: ${message}`) };
}

const short = (text: string): string => cut(text, 1000);
