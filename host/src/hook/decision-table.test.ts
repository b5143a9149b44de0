import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createFakeHookRunner, type FakePlugin } from '../../../test/fixtures/fake-hook-runner.ts';
import type { Response } from '../contract/generated/types.js';
import { type FailureAction, type FailureCause, failureActions } from '../contract/hook-call.ts';
import { hookNames } from '../contract/hook-name.ts';
import { type CallingMode, everyCause, pluginModes } from '../contract/hook-policy.ts';
import { silentLog } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { createHookChain } from './create-hook-chain.ts';
import type { HookedPlugin } from './hook-chain.ts';
import { type Consequence, consequenceOf, type HookOutcome } from './mode.ts';
import { PluginHealth } from './plugin-health.ts';
import { Receipts } from './receipt.ts';
import { ShadowCalls } from './shadow-calls.ts';
import { createShadowRecorder } from './shadow-recorder.ts';

const causes: readonly FailureCause[] = ['trap', 'timeout', 'limit', 'invalid_output', 'unavailable', 'merge'];

/** The decision table, without failures: what follows from an outcome in each mode. */
const table: Readonly<Record<CallingMode, Readonly<Record<Exclude<HookOutcome, 'failed'>, Consequence>>>> = {
  enforce: {
    proceed: 'counts',
    modified: 'counts',
    respond: 'counts',
    block: 'stops',
    ask: 'stops',
    retry: 'stops',
  },
  permissive: {
    proceed: 'counts',
    modified: 'counts',
    respond: 'counts',
    block: 'is_recorded',
    ask: 'is_recorded',
    retry: 'is_recorded',
  },
  shadow: {
    proceed: 'is_recorded',
    modified: 'is_recorded',
    respond: 'is_recorded',
    block: 'is_recorded',
    ask: 'is_recorded',
    retry: 'is_recorded',
  },
};

/** The decision table of failures: what follows from each action of `on_error`, whatever the cause. */
const failures: Readonly<Record<CallingMode, Readonly<Record<FailureAction, Consequence>>>> = {
  enforce: { deny: 'stops', ignore: 'is_recorded', disable: 'disables' },
  permissive: { deny: 'stops', ignore: 'is_recorded', disable: 'disables' },
  shadow: { deny: 'is_recorded', ignore: 'is_recorded', disable: 'is_recorded' },
};

interface Row {
  readonly mode: CallingMode;
  readonly outcome: HookOutcome;
  /** The cause of a failure. */
  readonly cause?: FailureCause;
  /** The plugin's `on_error` for this cause, or for all causes. */
  readonly action: FailureAction;
  readonly isInBand: boolean;
  readonly expected: Consequence;
}

const modes = Object.keys(table) as CallingMode[];
const rows: readonly Row[] = modes.flatMap(mode =>
  failureActions.flatMap(action =>
    [false, true].flatMap(isInBand => [
      ...Object.entries(table[mode]).map(([outcome, expected]) => {
        return { mode, outcome: outcome as HookOutcome, action, isInBand, expected };
      }),
      ...causes.map((cause): Row => {
        return { mode, outcome: 'failed', cause, action, isInBand, expected: failures[mode][action] };
      }),
    ]),
  ),
);

const call = { name: 'echo', arguments: { message: 'hi' } };
const changed = { name: 'echo', arguments: { message: 'changed' } };
const answer: Response = { tag: 'tool-result', val: { content: [{ tag: 'text', val: 'answered' }], isError: false } };
const fakes: Readonly<Record<Exclude<HookOutcome, 'failed' | 'ask' | 'retry'>, FakePlugin>> = {
  proceed: {},
  modified: {
    before: () => ({
      tag: 'modified',
      val: { tag: 'tool-call', val: { name: 'echo', arguments: JSON.stringify(changed.arguments) } },
    }),
  },
  respond: { before: () => ({ tag: 'respond', val: answer }) },
  block: { before: () => ({ tag: 'block', val: { code: 'NO', reason: 'No.', description: 'Not today.' } }) },
};

/** What a request does whose plugin's outcome counts. */
const counted = {
  proceed: { kind: 'proceed', params: call },
  modified: { kind: 'proceed', params: changed },
  respond: { kind: 'respond' },
} as const;

/** Runs a plugin that has this outcome, alone or in a band with one that proceeds. */
async function run({ mode, cause, action, isInBand }: Row, fake: FakePlugin) {
  const log = silentLog();
  const onError = cause === undefined ? everyCause(action) : { ...everyCause('deny'), [cause]: action };
  const plugin = (id: string, own: Partial<HookedPlugin>): HookedPlugin => ({
    ...{ id, hooks: new Set(hookNames), priority: 1, onError: everyCause('deny'), seesBlobs: false, isInBand },
    ...{ health: new PluginHealth(id, log), ...own },
  });
  const plugins = [plugin('p', { mode, onError }), ...(isInBand ? [plugin('other', {})] : [])];
  const shadows = new ShadowCalls(createShadowRecorder(new Metrics(), log));
  const chain = createHookChain({ plugins, runner: createFakeHookRunner({ p: fake }), log, shadows });
  const on = { requestId: 'r', binding: 'b', upstream: 'u', receipts: new Receipts() };
  const outcome = await chain.before(on, 'tools/call', call);
  await setImmediate();
  return { outcome, isDisabled: !chain.plugins.includes('p'), receipts: on.receipts.calls.map(({ plugin }) => plugin) };
}

it('[HOOK-95] the decision table has all modes in which a plugin is called', () => {
  expect([...modes, 'disabled']).toEqual(pluginModes);
});

it(`[HOOK-95] the decision table holds for all ${rows.length} combinations of mode, outcome, cause, on_error and band`, async () => {
  expect(rows).toHaveLength(3 * 3 * 2 * (6 + 6));
  for (const row of rows) {
    const { mode, outcome, cause, action, expected } = row;
    expect(consequenceOf(mode, outcome, action), JSON.stringify(row)).toBe(expected);
    // No contract can express these two yet.
    if (outcome === 'ask' || outcome === 'retry') continue;
    const fake: FakePlugin =
      outcome === 'failed' ? { before: () => ({ tag: 'failed', cause: cause ?? 'trap' }) } : fakes[outcome];
    const done = await run(row, fake);
    const isCounted = expected === 'counts' && outcome !== 'failed' && outcome !== 'block';
    const goesOn = isCounted ? counted[outcome] : counted.proceed;
    expect(done, JSON.stringify(row)).toMatchObject({
      outcome: expected === 'stops' ? { kind: 'block', data: { plugin: 'p' } } : goesOn,
      isDisabled: expected === 'disables',
    });
    expect(done.receipts.includes('p'), JSON.stringify(row)).toBe(mode !== 'shadow');
  }
});
