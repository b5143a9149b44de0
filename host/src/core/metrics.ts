/** Label values by name, always in the same order. */
export type Labels = Readonly<Record<string, string>>;

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** The upper bounds of a histogram's buckets, ascending, without infinity. */
  readonly buckets?: readonly number[];
}

/** The default buckets, in seconds. */
export const defaultBuckets: readonly number[] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** One series of a family: a number or a histogram. */
export class Series {
  /** For a histogram, the sum of the observed values. */
  value = 0;
  count = 0;
  readonly buckets: number[];
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.buckets = bounds.map(() => 0);
  }

  add(by: number): void {
    this.value += by;
  }

  set(value: number): void {
    this.value = value;
  }

  /** Records a value in a histogram. */
  observe(value: number): void {
    this.value += value;
    this.count += 1;
    const bucket = this.#bounds.findIndex(bound => value <= bound);
    if (bucket >= 0) this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
  }
}

/** Metrics by family and labels. Code that adds series must bound their number. */
export class Metrics {
  readonly #families = new Map<string, Family & { readonly series: Map<string, Series> }>();

  /** Declares a family. Declaring it again changes nothing. */
  declare(name: string, family: Family): void {
    if (!this.#families.has(name)) this.#families.set(name, { ...family, series: new Map() });
  }

  /** Returns the series with these labels, created if missing. The family must be declared. */
  series(name: string, labels: Labels): Series {
    const family = this.#families.get(name);
    if (family === undefined) throw new RangeError(`the metric ${name} is not declared`);
    const key = labelText(labels);
    let series = family.series.get(key);
    if (series === undefined) {
      series = new Series(family.type === 'histogram' ? (family.buckets ?? defaultBuckets) : []);
      family.series.set(key, series);
    }
    return series;
  }

  /** Writes all metrics in Prometheus's text format (version 0.0.4). */
  text(): string {
    return [...this.#families].map(([name, family]) => familyText(name, family)).join('');
  }
}

function familyText(name: string, family: Family & { readonly series: ReadonlyMap<string, Series> }): string {
  const { type, help, buckets = defaultBuckets, series } = family;
  if (series.size === 0) return '';
  const lines = [`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`];
  for (const [labels, each] of series) {
    if (type !== 'histogram') {
      lines.push(`${name}${braced(labels)} ${each.value}`);
      continue;
    }
    let below = 0;
    for (const [index, bound] of buckets.entries()) {
      below += each.buckets[index] ?? 0;
      lines.push(`${name}_bucket${braced(labels, `le="${bound}"`)} ${below}`);
    }
    lines.push(`${name}_bucket${braced(labels, 'le="+Inf"')} ${each.count}`);
    lines.push(`${name}_sum${braced(labels)} ${each.value}`, `${name}_count${braced(labels)} ${each.count}`);
  }
  return `${lines.join('\n')}\n`;
}

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');

const escaped = (value: string) =>
  /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;

function braced(...labels: string[]): string {
  const given = labels.filter(each => each !== '');
  return given.length === 0 ? '' : `{${given.join(',')}}`;
}
