import type { CallReport } from '../contract/hook-call.ts';
import type { CallingMode } from '../contract/hook-policy.ts';

/** Outcomes of hook calls. No contract can express `ask` and `retry` yet. */
export type HookOutcome = CallReport['outcome'] | 'ask' | 'retry';

/**
 * What follows from an outcome: it counts, the request is stopped with it, it is only recorded, or the plugin's `on_error`
 * decides.
 */
export type Effect = 'counts' | 'stops' | 'is_recorded' | 'on_error';

/** The decision table of modes: what follows from each outcome. */
export const effects: Readonly<Record<CallingMode, Readonly<Record<HookOutcome, Effect>>>> = {
  enforce: {
    ...{ proceed: 'counts', modified: 'counts', respond: 'counts' },
    ...{ block: 'stops', ask: 'stops', retry: 'stops', failed: 'on_error' },
  },
  permissive: {
    ...{ proceed: 'counts', modified: 'counts', respond: 'counts' },
    ...{ block: 'is_recorded', ask: 'is_recorded', retry: 'is_recorded', failed: 'on_error' },
  },
};
