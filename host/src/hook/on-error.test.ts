import { expect, it } from 'vitest';
import type { CallReport, FailureAction, FailureCause } from '../contract/hook-call.ts';
import { everyCause } from '../contract/hook-policy.ts';
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
