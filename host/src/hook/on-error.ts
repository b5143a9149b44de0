import type { CallReport } from '../contract/hook-call.ts';
import { failureData, violationData } from './block-data.ts';
import type { BlockData, HookedPlugin } from './hook-chain.ts';
import { consequenceOf } from './mode.ts';

/** The result of one hook call: the request continues, is blocked, or continues with the plugin disabled. */
export type Verdict =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'block'; readonly data: BlockData }
  | { readonly kind: 'disable' };

const proceed: Verdict = { kind: 'proceed' };
const disable: Verdict = { kind: 'disable' };

/** Decides what a report means: by the plugin's mode, and for a failure by its `on_error`. */
export function judge(report: CallReport, plugin: Pick<HookedPlugin, 'id' | 'onError' | 'mode'>): Verdict {
  const { id, onError, mode = 'enforce' } = plugin;
  const cause = report.outcome === 'failed' ? report.cause : 'invalid_output';
  const consequence = consequenceOf(mode, report.outcome, onError[cause]);
  if (consequence === 'disables') return disable;
  if (consequence !== 'stops') return proceed;
  return {
    kind: 'block',
    data: report.outcome === 'block' ? violationData(id, report.violation) : failureData(id, cause),
  };
}
