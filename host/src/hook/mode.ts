import type { CallReport, FailureAction } from '../contract/hook-call.ts';
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
  shadow: {
    ...{ proceed: 'is_recorded', modified: 'is_recorded', respond: 'is_recorded' },
    ...{ block: 'is_recorded', ask: 'is_recorded', retry: 'is_recorded', failed: 'is_recorded' },
  },
};

/** What follows from a hook call: as an effect, with the plugin's `on_error` applied. */
export type Consequence = Exclude<Effect, 'on_error'> | 'disables';

const byAction: Readonly<Record<FailureAction, Consequence>> = {
  deny: 'stops',
  ignore: 'is_recorded',
  disable: 'disables',
};

/** Decides what follows from a hook call. @param action what the plugin's `on_error` says about the cause of a failure */
export function consequenceOf(mode: CallingMode, outcome: HookOutcome, action: FailureAction): Consequence {
  const effect = effects[mode][outcome];
  return effect === 'on_error' ? byAction[action] : effect;
}
