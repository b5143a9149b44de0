import type { CallReport } from '../contract/hook-call.ts';
import { failureData, violationData } from './block-data.ts';
import type { BlockData, HookedPlugin } from './hook-chain.ts';

/** What follows from one hook call: the request goes on, is blocked, or goes on without the plugin from now on. */
export type Verdict =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'block'; readonly data: BlockData }
  | { readonly kind: 'disable' };

const proceed: Verdict = { kind: 'proceed' };
const disable: Verdict = { kind: 'disable' };

/** Decides what a report means. Of a failure, the operator's `on_error` decides by its cause. */
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
