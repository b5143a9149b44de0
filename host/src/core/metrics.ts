/** Label values by name, always in the same order. */
export type Labels = Readonly<Record<string, string>>;

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** The upper bounds of a histogram's buckets, ascending, without infinity. */
  readonly buckets?: readonly number[];
}

/** The series of an observed family, as they are now. */
export type Observation = Iterable<readonly [Labels, number]>;

/** The default buckets, in seconds. */
export const defaultBuckets: readonly number[] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** One series of a family: a number or a histogram. */
export class Series {
  /** For a histogram, the sum of the observed values. */
  value = 0;
  count = 0;
  readonly buckets: number[];
  readonly labels: Labels;
  /** Whether the metrics have forgotten it: what is counted in it from then on is not shown. */
  isForgotten = false;
  /** The upper bounds of the buckets of a histogram, without infinity. */
  readonly bounds: readonly number[];

  constructor(bounds: readonly number[], labels: Labels) {
    this.labels = labels;
    this.bounds = bounds;
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
    const bucket = this.bounds.findIndex(bound => value <= bound);
    if (bucket >= 0) this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
  }
}

interface OpenFamily extends Family {
  readonly series: Map<string, Series>;
  readonly observers: Set<() => Observation>;
}

/** Metrics by family and labels. Code that adds series must bound their number. */
export class Metrics {
  readonly #families = new Map<string, OpenFamily>();

  /** Declares a family. Declaring it again changes nothing. */
  declare(name: string, family: Family): void {
    this.#open(name, family);
  }

  /**
   * Declares a family whose values are read when the metrics are written, so that they cost nothing until then.
   * @returns a function that ends it
   */
  observe(name: string, family: Pick<Family, 'type' | 'help'>, read: () => Observation): () => void {
    const { observers } = this.#open(name, family);
    observers.add(read);
    return () => void observers.delete(read);
  }

  /** Returns the series with these labels, created if missing. The family must be declared. */
  series(name: string, labels: Labels): Series {
    const family = this.#families.get(name);
    if (family === undefined) throw new RangeError(`the metric ${name} is not declared`);
    const key = labelText(labels);
    let series = family.series.get(key);
    if (series === undefined) {
      series = new Series(family.type === 'histogram' ? (family.buckets ?? defaultBuckets) : [], labels);
      family.series.set(key, series);
    }
    return series;
  }

  /** Returns each family that has series, with its name and its series. */
  *families(): Iterable<readonly [name: string, family: Family, series: Iterable<Series>]> {
    for (const [name, family] of this.#families) {
      const series = seriesNow(family);
      if (series.size > 0) yield [name, family, series.values()];
    }
  }

  /** Returns the series of a family that have these labels, perhaps among others. */
  read(name: string, labels: Labels): readonly Series[] {
    const wanted = Object.entries(labels);
    const family = this.#families.get(name);
    const all = family === undefined ? [] : [...seriesNow(family).values()];
    return all.filter(series => wanted.every(([label, value]) => series.labels[label] === value));
  }

  /** Removes a series, because what it was about is gone. */
  remove(name: string, labels: Labels): void {
    this.#families.get(name)?.series.delete(labelText(labels));
  }

  /** Removes all series with labels that are about something that is gone. Later ones with these labels begin at zero. */
  forget(isGone: (labels: Labels) => boolean): void {
    for (const { series } of this.#families.values()) {
      for (const [key, each] of series) {
        if (!isGone(each.labels)) continue;
        each.isForgotten = true;
        series.delete(key);
      }
    }
  }

  /** Writes all metrics in Prometheus's text format (version 0.0.4). */
  text(): string {
    return [...this.pieces()].join('');
  }

  /**
   * Writes the same text in pieces of about `size` characters, each of which takes about a millisecond. Between two
   * pieces, series may change: each is written as it is then.
   */
  *pieces(size = 64 * 1024): Iterable<string> {
    let piece = '';
    for (const [name, family] of this.#families) {
      for (const text of familyTexts(name, family)) {
        piece += text;
        if (piece.length < size) continue;
        yield piece;
        piece = '';
      }
    }
    if (piece !== '') yield piece;
  }

  #open(name: string, family: Family): OpenFamily {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const opened = { ...family, series: new Map(), observers: new Set<() => Observation>() };
    this.#families.set(name, opened);
    return opened;
  }
}

/** Returns the head of a family and each of its series as text; nothing if it has no series. */
function* familyTexts(name: string, family: OpenFamily): Iterable<string> {
  const { type, help, buckets = defaultBuckets } = family;
  const series = seriesNow(family);
  if (series.size === 0) return;
  yield `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
  for (const [labels, each] of series) {
    yield type === 'histogram'
      ? histogramText(name, labels, each, buckets)
      : `${name}${braced(labels)} ${numberText(each.value)}\n`;
  }
}

function histogramText(name: string, labels: string, series: Series, bounds: readonly number[]): string {
  let text = '';
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    below += series.buckets[index] ?? 0;
    text += `${name}_bucket${braced(labels, `le="${numberText(bound)}"`)} ${below}\n`;
  }
  text += `${name}_bucket${braced(labels, 'le="+Inf"')} ${series.count}\n`;
  text += `${name}_sum${braced(labels)} ${numberText(series.value)}\n`;
  return `${text}${name}_count${braced(labels)} ${series.count}\n`;
}

/** Returns the series of a family by their labels as text, observed ones included. Of two with the same labels, the later one counts. */
function seriesNow({ series, observers }: OpenFamily): ReadonlyMap<string, Series> {
  if (observers.size === 0) return series;
  const all = new Map(series);
  for (const read of observers) {
    for (const [labels, value] of read()) {
      const observed = new Series([], labels);
      observed.set(value);
      all.set(labelText(labels), observed);
    }
  }
  return all;
}

const numberText = (value: number): string =>
  Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');

const escaped = (value: string) =>
  /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;

function braced(labels: string, more = ''): string {
  if (labels === '' && more === '') return '';
  return labels === '' || more === '' ? `{${labels}${more}}` : `{${labels},${more}}`;
}
