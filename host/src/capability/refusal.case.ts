import type { RefusalReason } from '../contract/hook-call.ts';

/** A use that the grant of a case does not let through. */
export interface RefusedUse {
  readonly reason: RefusalReason;
  /** The name of one of the case's functions, and its arguments. */
  readonly task: readonly unknown[];
  /** Part of what is recorded. */
  readonly what: string;
  /** How often it is refused; once unless stated. */
  readonly times?: number;
}

/** How one capability refuses: test/system/refusal.test.ts tries the cases of all capabilities in one guest. */
export interface RefusalCase {
  /** JavaScript of the guest: its imports, and members of an object of functions that tasks name. */
  readonly imports?: string;
  readonly functions?: string;
  /** What is granted; absent where everything always is. */
  readonly grant?: object;
  /** Something beyond that grant, for each reason in `refuses`. */
  readonly refused: readonly RefusedUse[];
  /** Uses while nothing is granted, and the smallest grant for them. Absent where there is no learning mode. */
  readonly uses?: readonly (readonly unknown[])[];
  readonly smallest?: object;
}

/** The specifier by which a guest imports one of our interfaces. */
export const from = (name: string): string => `'sallyport:plugin/${name}@0.1.0'`;
