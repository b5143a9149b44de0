import { expect, it } from 'vitest';
import type { CallReport, FailureAction, FailureCause } from '../contract/hook-call.ts';
import { everyCause, pluginModes } from '../contract/hook-policy.ts';
import { type Effect, effects, type HookOutcome } from './mode.ts';
import { judge } from './on-error.ts';

const causes: readonly FailureCause[] = ['trap', 'timeout', 'limit', 'invalid_output', 'unavailable', 'merge'];
const plugin = (action: FailureAction, cause?: FailureCause) => ({
  id: 'p',
  onError: { ...everyCause(cause === undefined ? action : 'deny'), ...(cause && { [cause]: action }) },
});
const report = { plugin: 'p', wallMs: 1 };
const violation = { code: 'NO', reason: 'No.', description: 'Not today.' };

const decided: readonly (readonly [CallReport, 'proceed' | 'block'])[] = [
  [{ ...report, outcome: 'proceed' }, 'proceed'],
  [{ ...report, outcome: 'modified' }, 'proceed'],
  [{ ...report, outcome: 'respond' }, 'proceed'],
  [{ ...report, outcome: 'block', violation }, 'block'],
];

it.each(decided)('[HOOK-06] on_error has no say in %j', (outcome, verdict) => {
  for (const action of ['deny', 'ignore', 'disable'] as const) {
    expect(judge(outcome, plugin(action)).kind).toBe(verdict);
  }
});

it.each([
  { action: 'deny', verdict: 'block' },
  { action: 'ignore', verdict: 'proceed' },
  { action: 'disable', verdict: 'disable' },
] as const)('[HOOK-06] on_error $action of a cause makes its failure: $verdict', ({ action, verdict }) => {
  for (const cause of causes) {
    const failed: CallReport = { ...report, outcome: 'failed', cause, message: 'why' };
    expect(judge(failed, plugin(action, cause))).toMatchObject({ kind: verdict });
    expect(
      judge(
        failed,
        plugin(
          'deny',
          causes.find(other => other !== cause),
        ),
      ),
    ).toMatchObject({
      kind: 'block',
      data: { plugin: 'p', code: 'plugin_failed', details: { cause } },
    });
  }
});

it('[HOOK-04] a block carries the plugin’s own reason', () => {
  const blocked = judge(
    { ...report, outcome: 'block', violation: { ...violation, details: '{"a":1}' } },
    plugin('deny'),
  );
  expect(blocked).toEqual({ kind: 'block', data: { plugin: 'p', ...violation, details: { a: 1 } } });
});

const table: Readonly<Record<'enforce' | 'permissive', Readonly<Record<HookOutcome, Effect>>>> = {
  enforce: {
    proceed: 'counts',
    modified: 'counts',
    respond: 'counts',
    block: 'stops',
    ask: 'stops',
    retry: 'stops',
    failed: 'on_error',
  },
  permissive: {
    proceed: 'counts',
    modified: 'counts',
    respond: 'counts',
    block: 'is_recorded',
    ask: 'is_recorded',
    retry: 'is_recorded',
    failed: 'on_error',
  },
};

it('[HOOK-95] the decision table says for each mode and outcome what follows', () => {
  expect(effects).toEqual(table);
  expect(pluginModes).toEqual([...Object.keys(table), 'disabled']);
});

it.each(['enforce', 'permissive'] as const)('[HOOK-95] the verdicts of %s follow the decision table', mode => {
  for (const [outcome, effect] of Object.entries(table[mode])) {
    if (outcome === 'ask' || outcome === 'retry' || outcome === 'failed') continue;
    const about = outcome === 'block' ? { outcome, violation } : { outcome };
    for (const action of ['deny', 'ignore', 'disable'] as const) {
      const verdict = judge({ ...report, ...about } as CallReport, { ...plugin(action), mode });
      expect(verdict.kind, `${outcome}, ${action}`).toBe(effect === 'stops' ? 'block' : 'proceed');
    }
  }
  for (const cause of causes) {
    for (const [action, kind] of [
      ['deny', 'block'],
      ['ignore', 'proceed'],
      ['disable', 'disable'],
    ] as const) {
      const failed: CallReport = { ...report, outcome: 'failed', cause, message: 'why' };
      expect(judge(failed, { ...plugin(action), mode }).kind, `${cause}, ${action}`).toBe(kind);
    }
  }
});
