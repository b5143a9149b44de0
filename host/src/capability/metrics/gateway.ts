import { z } from 'zod';
import { defaultBuckets, type Metrics, type Series } from '../../core/metrics.ts';
import { defineCapability, type Hear, type ServeContext } from '../capability.ts';
import {
  familyOf,
  isLabel,
  isName,
  longestLabelValue,
  type Measurement,
  metricsInLane,
  mostLabels,
  notMeasurement,
  seriesKey,
  sorted,
} from './lane.ts';

const grantSchema = z.strictObject({
  max_names: z.number().int().min(1).max(1000).default(32).describe('Number of different names.'),
  max_labels: z.number().int().min(0).max(mostLabels).default(4).describe('Number of labels of one series.'),
  max_series: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(500)
    .describe('Number of series: names with their labels, all together, reloads and restarts of lanes included.'),
  buckets: z
    .array(z.number())
    .min(1)
    .max(64)
    .refine(list => list.every((bound, index) => index === 0 || bound > (list[index - 1] ?? bound)), 'ascending')
    .default([...defaultBuckets])
    .describe('Upper bounds of the buckets of histograms.'),
});

type Grant = z.infer<typeof grantSchema>;

const nameSchema = z.string().refine(isName);
const saidSchema: z.ZodType<Measurement> = z.object({
  type: z.enum(['counter', 'gauge', 'histogram']),
  name: nameSchema,
  labels: z.array(z.tuple([z.string().refine(isLabel), z.string().max(longestLabelValue)])),
  value: z.number().refine(Number.isFinite),
});

/** Numbers of the plugin's own, among those of the gateway at /metrics. */
export const metrics = defineCapability<Grant>({
  ...metricsInLane,
  worksInShadow: true,
  gives: 'counters, gauges and histograms with labels',
  risk: 'Lets the plugin publish numbers with labels, which can expose what it sees to anyone who reads the metrics.',
  grant: grantSchema,
  example: 'metrics: { max_series: 500 }',
  hear: hearMetrics,
  deniedBy: 'nothing: it is dropped',
  refuses: {
    invalid:
      'a name, label or value that is not well-formed or holds a secret, and a counter that goes down; it is dropped',
    over_limit:
      'a measurement beyond `max_names`, `max_labels` or `max_series`, and what one hook call measures beyond a hundred notes or `limits.plugin.payload_bytes` of them; it is dropped, the call returns as usual because `metrics` has no error, and the dropped measurements of a hook call are one audit event with their number',
  },
  learning: {
    ...metricsInLane.learning,
    records: 'Names, their number of labels, and the number of series up to the next power of two; no label values.',
    grant: smallestGrant,
  },
});

const needSchema = z.object({ name: nameSchema.optional(), labels: z.int().optional(), series: z.int().optional() });

function smallestGrant(needs: readonly unknown[]): unknown {
  const known = needs.flatMap(need => needSchema.safeParse(need).data ?? []);
  const most = (amounts: readonly (number | undefined)[], least: number, limit: number) =>
    Math.min(Math.max(least, ...amounts.map(amount => amount ?? 0)), limit);
  const names = new Set(known.flatMap(({ name }) => name ?? []));
  return {
    max_names: most([names.size], 1, 1000),
    max_labels: most(
      known.map(({ labels }) => labels),
      0,
      mostLabels,
    ),
    max_series: most(
      known.map(({ series }) => series),
      1,
      100_000,
    ),
  };
}

/** What a plugin has measured, which counts against its limits. */
interface Measured {
  readonly names: Set<string>;
  readonly series: Set<string>;
  /** One of its series, which are forgotten together when the plugin is removed. */
  sample?: Series;
}

/**
 * What each plugin has measured, by its id. It is kept as long as the series are shown: a plugin that is reloaded, or
 * whose lanes start again, gets no second allowance.
 */
const measuredIn = new WeakMap<Metrics, Map<string, Measured>>();

function measuredBy(plugin: string, metrics: Metrics): Measured {
  const plugins = measuredIn.get(metrics) ?? new Map<string, Measured>();
  measuredIn.set(metrics, plugins);
  const known = plugins.get(plugin);
  if (known !== undefined && known.sample?.isForgotten !== true) return known;
  const measured: Measured = { names: new Set(), series: new Set() };
  plugins.set(plugin, measured);
  return measured;
}

/** Drops what was counted of plugins that were removed. */
function dropForgotten(metrics: Metrics): void {
  const plugins = measuredIn.get(metrics) ?? new Map<string, Measured>();
  for (const [plugin, { sample }] of plugins) if (sample?.isForgotten === true) plugins.delete(plugin);
}

/** What is beyond the limits is dropped, and counted as a refusal. */
function hearMetrics(grant: Grant, on: ServeContext): Hear {
  dropForgotten(on.metrics);
  return (message, call) => {
    const measured = measuredBy(on.plugin, on.metrics);
    const { names, series } = measured;
    const { success, data } = saidSchema.safeParse(message);
    if (!success) return on.refused(notMeasurement, call, 'invalid');
    const { type, name, value } = data;
    const labels = sorted(data.labels);
    const isSecret = [name, ...labels.map(([label]) => label)].some(each => on.mask.text(each) !== each);
    if (isSecret) return on.refused('a measurement whose name or label contains a secret', call, 'invalid');
    if (type === 'counter' && value < 0) return on.refused(`${name}: a counter cannot decrease`, call, 'invalid');
    const family = familyOf(type, name);
    const key = seriesKey(type, name, labels);
    const excess =
      (labels.length > grant.max_labels && `${grant.max_labels} labels`) ||
      (!names.has(family) && names.size >= grant.max_names && `${grant.max_names} names`) ||
      (!series.has(key) && series.size >= grant.max_series && `${grant.max_series} series`);
    if (excess) return on.refused(`${name}: more than ${excess}`, call, 'over_limit');
    names.add(family);
    series.add(key);
    const masked = Object.fromEntries([
      ['plugin', on.plugin],
      ...labels.map(([label, text]) => [label, on.mask.text(text)]),
    ]);
    on.metrics.declare(family, { type, help: `The ${type} ${name} of plugins.`, buckets: grant.buckets });
    const counted = on.metrics.series(family, masked);
    measured.sample ??= counted;
    if (type !== 'gauge' && !Number.isFinite(counted.value + value)) {
      return on.refused(`${name}: its sum is too large for a number`, call, 'invalid');
    }
    if (type === 'counter') counted.add(value);
    else if (type === 'gauge') counted.set(value);
    else counted.observe(value);
  };
}
