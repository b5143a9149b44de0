import { LimitExceeded } from '../../capability/capability.ts';
import type { FailureCause } from '../../core/hook-call.ts';

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
  if (payload !== undefined) return { cause: 'unavailable', message: short(String(payload)), declared: true };
  if (thrown instanceof LimitExceeded) return { cause: 'limit', message: short(message), declared: false };
  if (name === 'TypeError') return { cause: 'invalid_output', message: short(message), declared: false };
  return { cause: 'trap', message: short(`${name}: ${message}`), declared: false };
}

function membersOf(thrown: unknown): { name: string; message: string; payload?: unknown } {
  if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: String(thrown) };
  const { message } = thrown as { message?: unknown };
  const name = thrown.constructor?.name ?? 'Error';
  const payload = name === 'ComponentError' && 'payload' in thrown ? { payload: thrown.payload } : {};
  return { name, message: typeof message === 'string' ? message : '', ...payload };
}

const short = (text: string): string => (text.length > 1000 ? `${text.slice(0, 1000)}…` : text);
