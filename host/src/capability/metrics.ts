import { z } from 'zod';
import { defaultBuckets } from '../core/metrics.ts';
import { defineCapability, type Hear, type ServeContext } from './capability.ts';

const grantSchema = z.strictObject({
  max_names: z.number().int().min(1).max(1000).default(32),
  max_labels: z.number().int().min(0).max(16).default(4).describe('Of one series.'),
  max_series: z.number().int().min(1).max(100_000).default(500).describe('Names with their labels, all together.'),
  buckets: z
    .array(z.number())
    .min(1)
    .max(64)
    .refine(list => list.every((bound, index) => index === 0 || bound > (list[index - 1] ?? bound)), 'ascending')
    .default([...defaultBuckets]),
});

type Grant = z.infer<typeof grantSchema>;

/** Suffixes are the host's: they keep the families of counters, gauges and histograms apart. */
const nameSchema = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
  .refine(name => !/_(total|bucket|sum|count|histogram)$/.test(name));
const labelSchema = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
  .refine(name => name !== 'plugin' && name !== 'le');
const saidSchema = z.object({
  type: z.enum(['counter', 'gauge', 'histogram']),
  name: nameSchema,
  labels: z.array(z.tuple([labelSchema, z.string().max(256)])),
  value: z.number().refine(Number.isFinite),
});

type Type = z.infer<typeof saidSchema>['type'];
type Labels = [string, string][];

const wit = 'sallyport:plugin/metrics';
const suffixes: Readonly<Record<Type, string>> = { counter: '_total', gauge: '', histogram: '_histogram' };
const ignore = () => {};

/** Numbers of the plugin's own, among those of the gateway at /metrics. */
export const metrics = defineCapability<Grant>({
  name: 'metrics',
  wit: [`${wit}@0.1.0`],
  risk: 'Lets the plugin publish numbers with labels, in which it can write down what it sees for whoever reads the metrics.',
  grant: grantSchema,
  example: 'metrics: { max_series: 500 }',
  imports: (_grant, lane) => {
    const tell = (type: Type) => (name: string, labels: Labels, value: number) =>
      lane.tell({ type, name, labels, value });
    return { [wit]: { count: tell('counter'), gauge: tell('gauge'), observe: tell('histogram') } };
  },
  hear: hearMetrics,
  denied: { [wit]: { count: ignore, gauge: ignore, observe: ignore } },
});

/** What is beyond the limits is dropped, and counted as a refusal. */
function hearMetrics(grant: Grant, on: ServeContext): Hear {
  const names = new Set<string>();
  const series = new Set<string>();
  return (message, call) => {
    const { success, data } = saidSchema.safeParse(message);
    if (!success) return on.refused('a measurement whose name, labels or value are not valid', call);
    const { type, name, value } = data;
    const labels = [...new Map(data.labels)].sort(([one], [other]) => (one < other ? -1 : 1));
    if (labels.length > grant.max_labels) return on.refused(`${name}: more than ${grant.max_labels} labels`, call);
    if (type === 'counter' && value < 0) return on.refused(`${name}: a counter does not go down`, call);
    const family = `plugin_${name}${suffixes[type]}`;
    const key = JSON.stringify([family, labels]);
    if (!names.has(family) && names.size >= grant.max_names)
      return on.refused(`${name}: more than ${grant.max_names} names`, call);
    if (!series.has(key) && series.size >= grant.max_series)
      return on.refused(`${name}: more than ${grant.max_series} series`, call);
    names.add(family);
    series.add(key);
    const masked = Object.fromEntries([
      ['plugin', on.plugin],
      ...labels.map(([label, text]) => [label, on.mask.text(text)]),
    ]);
    on.metrics.declare(family, { type, help: `The ${type} ${name} of plugins.`, buckets: grant.buckets });
    const measured = on.metrics.series(family, masked);
    if (type === 'counter') measured.add(value);
    else if (type === 'gauge') measured.set(value);
    else measured.observe(value);
  };
}
