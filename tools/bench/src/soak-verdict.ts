import { fitSlope, type Slope } from './slope.ts';

/** What a gateway holds at one moment, when nobody calls it and garbage was collected. */
export interface Holding {
  /** Calls made so far. */
  readonly calls: number;
  /** The age of its process. */
  readonly seconds: number;
  readonly rss_mb: number;
  /** The heap of the gateway's thread. */
  readonly heap_mb: number;
  /** Memories of all instances of plugins, in all lanes. */
  readonly plugins_mb: number;
  readonly threads: number;
  /** Open file descriptors, sockets among them. */
  readonly files: number;
  readonly sockets: number;
  /** What keeps its event loop alive. */
  readonly resources: number;
}

export type Figure = Exclude<keyof Holding, 'calls' | 'seconds'>;

/** How one figure went: medians of the first and the last third after the first tenth. */
export interface Course {
  readonly figure: Figure;
  readonly first: number;
  readonly last: number;
  /** What `last` may be at most. */
  readonly bound: number;
  readonly grows: boolean;
}

/**
 * What a figure may gain from the first third to the last: noise of the allocator and of what is compiled late. What is
 * counted and not weighed may gain nothing, but connections that are being renewed.
 */
const slack: Readonly<Record<Figure, (first: number) => number>> = {
  rss_mb: first => 8 + first * 0.05,
  heap_mb: first => 1 + first * 0.05,
  plugins_mb: () => 0,
  threads: () => 0,
  files: () => 2,
  sockets: () => 2,
  resources: () => 2,
};

export const figures = Object.keys(slack) as readonly Figure[];

/** Compares the first third after the first tenth of the calls with the last. @throws Error for fewer than four samples */
export function judge(series: readonly Holding[]): readonly Course[] {
  const most = Math.max(...series.map(({ calls }) => calls));
  const settled = series.filter(({ calls }) => calls >= most / 10);
  const third = Math.floor(settled.length / 3);
  if (third < 1) throw new Error('too few samples to judge by');
  return figures.map(figure => {
    const middle = (part: readonly Holding[]) => {
      const sorted = part.map(each => each[figure]).sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    };
    const [first, last] = [middle(settled.slice(0, third)), middle(settled.slice(-third))];
    const bound = first + slack[figure](first);
    return { figure, first, last, bound, grows: !(last <= bound) };
  });
}

/**
 * Fits a line to a figure over the second half of the time, in units an hour.
 * @throws Error for fewer than three samples in that half
 */
export function slopeOf(series: readonly Holding[], figure: Figure): Slope {
  const end = Math.max(...series.map(({ seconds }) => seconds));
  const start = Math.min(...series.map(({ seconds }) => seconds));
  const half = series.filter(({ seconds }) => seconds >= (start + end) / 2);
  return fitSlope(half.map(held => [held.seconds / 3600, held[figure]]));
}
