import type { CallReport } from '../contract/hook-call.ts';
import { failureData, violationData } from './block-data.ts';
import type { BlockData, HookedPlugin } from './hook-chain.ts';

/** The consequence of one hook call: continue, block, or continue and disable the plugin. */
export type Verdict =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'block'; readonly data: BlockData }
  | { readonly kind: 'disable' };

const proceed: Verdict = { kind: 'proceed' };
const disable: Verdict = { kind: 'disable' };

/** Decides the consequence of a report. For a failure, it is the operator's `on_error` for its cause. */
export function judge(report: CallReport, { id, onError }: Pick<HookedPlugin, 'id' | 'onError'>): Verdict {
  switch (report.outcome) {
    case 'block':
      return { kind: 'block', data: violationData(id, report.violation) };
    case 'failed':
      switch (onError[report.cause]) {
        case 'deny':
          return { kind: 'block', data: failureData(id, report.cause) };
        case 'disable':
          return disable;
        case 'ignore':
          return proceed;
      }
      break;
    case 'proceed':
    case 'modified':
    case 'respond':
      return proceed;
  }
}
