import type { HostImports, LaneSide } from '../lane/lane-side.ts';
import { powerOfTwo } from '../lane/power-of-two.ts';

/** What can be measured, with what the names of its families end in. Suffixes are the host's: they keep them apart. */
const suffixes = { counter: '_total', gauge: '', histogram: '_histogram' } as const;

type Type = keyof typeof suffixes;
type Labels = [string, string][];

/** What it tells the gateway. */
export interface Measurement {
  readonly type: Type;
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Labels of one series that a grant may allow. */
export const mostLabels = 16;

/** Characters of the value of a label. */
export const longestLabelValue = 256;

const isWord = (text: string): boolean => text.length <= 64 && /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(text);

/** Whether a measurement may have this name. */
export const isName = (name: string): boolean => isWord(name) && !/_(total|bucket|sum|count|histogram)$/.test(name);

/** Whether a label may have this name. */
export const isLabel = (name: string): boolean => isWord(name) && name !== 'plugin' && name !== 'le';

/** Why something else is refused. */
export const notMeasurement = 'a measurement with an invalid name, label or value';

const isMeasurement = ({ name, labels, value }: Measurement): boolean =>
  isName(name) &&
  labels.every(([label, text]) => isLabel(label) && text.length <= longestLabelValue) &&
  Number.isFinite(value);

/** By name, and each name once. */
export const sorted = (labels: Labels): Labels => [...new Map(labels)].sort(([one], [other]) => (one < other ? -1 : 1));

/** The name at /metrics. */
export const familyOf = (type: Type, name: string): string => `plugin_${name}${suffixes[type]}`;

/** The same for the same name with the same labels. */
export const seriesKey = (type: Type, name: string, labels: Labels): string =>
  JSON.stringify([familyOf(type, name), sorted(labels)]);

const wit = 'sallyport:plugin/metrics';
const ignore = () => {};

/** What guests get of `metrics`. */
export const metricsInLane = {
  name: 'metrics',
  wit: [`${wit}@0.1.0`],
  imports: (_grant, lane) => {
    // Names of any length and number would otherwise be kept until the call is over, and copied to the gateway.
    const tell = (type: Type) => (name: string, labels: Labels, value: number) => {
      if (labels.length > mostLabels) return lane.refused(`more than ${mostLabels} labels`, 'over_limit');
      const said: Measurement = { type, name, labels, value };
      if (isMeasurement(said)) lane.tell(said);
      else lane.refused(notMeasurement, 'invalid');
    };
    return { [wit]: { count: tell('counter'), gauge: tell('gauge'), observe: tell('histogram') } };
  },
  denied: { [wit]: { count: ignore, gauge: ignore, observe: ignore } },
  learning: { imports: learnMetrics },
} satisfies LaneSide;

const mostRemembered = 10_000;

function learnMetrics(tell: (need: unknown) => void, memory: Map<string, unknown>): HostImports {
  const learn = (type: Type) => (name: string, labels: Labels, value: number) => {
    if (!isMeasurement({ type, name, labels, value })) return;
    tell({ name, labels: new Set(labels.map(([label]) => label)).size });
    const before = powerOfTwo(memory.size);
    if (memory.size < mostRemembered) memory.set(seriesKey(type, name, labels), true);
    if (memory.size === 1 || powerOfTwo(memory.size) > before) tell({ series: powerOfTwo(memory.size) });
  };
  return { [wit]: { count: learn('counter'), gauge: learn('gauge'), observe: learn('histogram') } };
}
