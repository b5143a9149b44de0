import type { FailureCause } from '../contract/hook-call.ts';
import { everyCause } from '../contract/hook-policy.ts';
import type { Metrics, Series } from '../core/metrics.ts';
import { countedOutcome, type Receipt } from './receipt.ts';

/** The upper bounds of the buckets of hook calls, in seconds: a call takes from microseconds to the default deadline. */
const buckets = [
  ...[0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005],
  ...[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];

/** The codes of violations that are counted for each plugin. Plugins choose them, so further ones share a label. */
const mostCodes = 32;
const otherCode = 'other';

const metric = {
  executions: 'sallyport_plugin_executions_total',
  duration: 'sallyport_plugin_duration_seconds',
  violations: 'sallyport_plugin_violations_total',
  errors: 'sallyport_plugin_errors_total',
};

const causes = Object.keys(everyCause('deny')) as FailureCause[];

/** The series of one hook of a plugin. */
interface HookSeries {
  readonly seconds: Series;
  readonly byStatus: Map<string, Series>;
}

interface PluginSeries {
  readonly byHook: Map<string, HookSeries>;
  readonly errors: ReadonlyMap<FailureCause, Series>;
  /** One of the series, which are forgotten together when the plugin is removed. */
  readonly sample: Series;
  readonly violations: Map<string, Series>;
}

/** Counts and times the hook calls of plugins, from their receipts. Each series is looked up by short names once it exists. */
export class HookCounts {
  readonly #metrics: Metrics;
  readonly #mask: (text: string) => string;
  readonly #plugins = new Map<string, PluginSeries>();

  /** @param mask masks secrets in codes of violations */
  constructor(metrics: Metrics, mask: (text: string) => string = text => text) {
    this.#metrics = metrics;
    this.#mask = mask;
    metrics.declare(metric.executions, { type: 'counter', help: 'Hook calls, by plugin, hook and status.' });
    metrics.declare(metric.duration, { type: 'histogram', help: 'Wall time of hook calls, in a lane.', buckets });
    metrics.declare(metric.violations, {
      type: 'counter',
      help: 'Violations that plugins reported, by plugin and code.',
    });
  }

  /** Counts a hook call. */
  count(receipt: Receipt): void {
    const { plugin, hook, wallMs } = receipt;
    const known = this.#plugins.get(plugin);
    const series = known === undefined || known.sample.isForgotten ? this.#know(plugin) : known;
    const ofHook = series.byHook.get(hook) ?? this.#knowHook(series, plugin, hook);
    const status = statusOf(receipt);
    (ofHook.byStatus.get(status) ?? this.#knowStatus(ofHook, { plugin, hook, status })).add(1);
    ofHook.seconds.observe(wallMs / 1000);
    if (receipt.outcome === 'failed') series.errors.get(receipt.cause)?.add(1);
    else if (receipt.outcome === 'block') this.#violations(series, plugin, receipt.violation.code).add(1);
  }

  #know(plugin: string): PluginSeries {
    const errors = errorSeries(this.#metrics, plugin);
    const sample = this.#metrics.series(metric.errors, { plugin, cause: 'trap' });
    const series = { byHook: new Map(), errors, sample, violations: new Map() };
    this.#plugins.set(plugin, series);
    return series;
  }

  #knowHook({ byHook }: PluginSeries, plugin: string, hook: string): HookSeries {
    const series = { seconds: this.#metrics.series(metric.duration, { plugin, hook }), byStatus: new Map() };
    byHook.set(hook, series);
    return series;
  }

  #knowStatus({ byStatus }: HookSeries, labels: { plugin: string; hook: string; status: string }): Series {
    const series = this.#metrics.series(metric.executions, labels);
    byStatus.set(labels.status, series);
    return series;
  }

  #violations({ violations }: PluginSeries, plugin: string, stated: string): Series {
    const known = violations.get(stated);
    if (known !== undefined) return known;
    const isCounted = violations.size < mostCodes && isCode(stated) && this.#mask(stated) === stated;
    const series = this.#metrics.series(metric.violations, { plugin, code: isCounted ? stated : otherCode });
    if (isCounted) violations.set(stated, series);
    return series;
  }
}

/** Returns the series that count the failures of a plugin, created if missing, so that they start at zero. */
function errorSeries(metrics: Metrics, plugin: string): ReadonlyMap<FailureCause, Series> {
  metrics.declare(metric.errors, { type: 'counter', help: 'Failed hook calls, by plugin and cause.' });
  return new Map(causes.map(cause => [cause, metrics.series(metric.errors, { plugin, cause })]));
}

/** Whether a plugin's code is one word, and not some text. */
const isCode = (text: string): boolean => /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(text);

/** Returns the status under which a hook call is counted. The cause of a failure has a family of its own. */
const statusOf = (receipt: Receipt): string => (receipt.outcome === 'failed' ? 'failed' : countedOutcome(receipt));
