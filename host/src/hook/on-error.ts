import type { CallReport } from '../contract/hook-call.ts';
import { failureData, violationData } from './block-data.ts';
import type { BlockData, HookedPlugin } from './hook-chain.ts';
import { effects } from './mode.ts';

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
  const effect = effects[mode][report.outcome];
  if (report.outcome === 'block') {
    return effect === 'stops' ? { kind: 'block', data: violationData(id, report.violation) } : proceed;
  }
  if (report.outcome !== 'failed') return proceed;
  switch (onError[report.cause]) {
    case 'deny':
      return { kind: 'block', data: failureData(id, report.cause) };
    case 'disable':
      return disable;
    case 'ignore':
      return proceed;
  }
}
