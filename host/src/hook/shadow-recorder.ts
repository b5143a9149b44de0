import { bounded } from '../core/bounded.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { ShadowRecorder, ShadowResult } from './shadow-calls.ts';

const calls = 'sallyport_shadow_calls_total';
const dropped = 'sallyport_shadow_dropped_total';

/**
 * Creates the recorder of plugins in shadow: it counts what each would have done, and logs what would have differed. The
 * metrics of hook calls that count do not include these.
 */
export function createShadowRecorder(metrics: Metrics, log: Log): ShadowRecorder {
  metrics.declare(calls, {
    type: 'counter',
    help: 'Calls of plugins in shadow, by plugin, hook and outcome; for a failure, the outcome is its cause.',
  });
  metrics.declare(dropped, {
    type: 'counter',
    help: 'Calls of plugins in shadow that were not made, by plugin, hook and reason.',
  });
  return {
    record(result) {
      const { plugin, hook, on, report } = result;
      const outcome = outcomeOf(result);
      metrics.series(calls, { plugin, hook, outcome }).add(1);
      const { requestId: request, binding, upstream, tenant, target } = on;
      const about = {
        plugin,
        hook,
        request,
        binding,
        upstream,
        tenant,
        target: bounded(target),
        outcome,
        ms: report.wallMs,
      };
      if (outcome === 'proceed') log.debug(about, 'shadow call');
      else log.info({ ...about, ...detailsOf(result) }, 'shadow call');
    },
    dropped({ id: plugin, health }, hook, reason) {
      health.dropped += 1;
      metrics.series(dropped, { plugin, hook, reason }).add(1);
    },
  };
}

/** Returns what would have followed; for a failure its cause. */
function outcomeOf({ report, paths = [] }: ShadowResult): string {
  switch (report.outcome) {
    case 'failed':
      return report.cause;
    case 'block':
      return 'would_block';
    case 'respond':
      return 'would_respond';
    case 'modified':
      return paths.length === 0 ? 'proceed' : 'would_modify';
    case 'proceed':
      return 'proceed';
  }
}

function detailsOf({ report, paths }: ShadowResult) {
  if (report.outcome === 'block') {
    const { code, reason } = report.violation;
    return { code: bounded(code), reason: bounded(reason) };
  }
  return report.outcome === 'failed' ? { reason: bounded(report.message) } : { paths };
}
