/** What a child is to try: the runs `from`, `from + 1`, … of a seed, or files. */
export interface Order {
  /** URL of the module that exports `target`. */
  readonly module: string;
  readonly seed: string;
  readonly from: number;
  /** Runs at most. */
  readonly runs?: number | undefined;
  /** Milliseconds after which no further run begins. */
  readonly forMs?: number | undefined;
  /** Inputs instead of mutated ones; then `from` counts them. */
  readonly files?: readonly string[] | undefined;
  /** A file in which the child writes the number of the run that it is about to make. */
  readonly progress: string;
}

/** What a child tells: that it is ready, what it found, and in the end how often each outcome came. */
export type Report =
  | { readonly is: 'open' }
  | { readonly is: 'finding'; readonly run: number; readonly kind: string; readonly reason: string }
  | { readonly is: 'done'; readonly outcomes: Readonly<Record<string, number>> };
