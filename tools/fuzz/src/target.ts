import type { Random } from './random.ts';

/** Something of the gateway that reads what strangers wrote. */
export interface Target {
  readonly name: string;
  /** URL of the module that exports it as `target`: a child imports it from there. */
  readonly module: string;
  /** What files of inputs end with. */
  readonly extension: string;
  /** Milliseconds that one input may take; more is a finding. */
  readonly patience: number;
  /** The number of runs in a bounded test. */
  readonly boundedRuns: number;
  /** Real inputs, from which all others are made. Must always be the same ones, in the same order. */
  seeds(): Promise<readonly Uint8Array[]>;
  /** An input that nobody would write. */
  mutate(seeds: readonly Uint8Array[], random: Random): Uint8Array;
  /** Starts whatever is to be tried. */
  open(seeds: readonly Uint8Array[]): Promise<Trial & AsyncDisposable>;
}

export interface Trial {
  /**
   * Gives the input to the gateway, and says how that went: `accepted`, or the code of the refusal.
   * @throws what the gateway threw; or a Finding, when it did what it must not
   */
  run(input: Uint8Array): Promise<string>;
}

/** Something that must not be: what kind of thing, the same words each time, and what it was here. */
export class Finding extends Error {
  override readonly name = 'Finding';
  readonly kind: string;

  constructor(kind: string, here: string) {
    super(`${kind}: ${here}`);
    this.kind = kind;
  }
}
