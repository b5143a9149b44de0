import { LimitExceeded } from '../../../capability/lane/lane-side.ts';

/** What a list costs for each of its elements beside what they hold: as an object in the lane. */
export const elementBytes = 64;
/** What a hook's answer may have beside its payload. */
const roomBytes = 2 ** 20;

/**
 * Counts what the glue takes out of a guest's memory at one time: the arguments of one host function, or one result.
 * A few bytes of memory can be a thousand long texts, all of them at the same place, and a text that does not fit the
 * heap of a lane any more ends the whole process.
 */
export class LiftingMeter {
  readonly #limit: number;
  #bytes = 0;

  constructor(payloadBytes: number) {
    this.#limit = payloadBytes + roomBytes;
  }

  /** Called when what was taken out is in other hands. */
  reset(): void {
    this.#bytes = 0;
  }

  /** @returns `bytes` @throws LimitExceeded */
  readonly count = (bytes: number): number => {
    this.#bytes += bytes;
    if (this.#bytes > this.#limit) throw new LimitExceeded(`it hands over more than ${this.#limit} bytes at once`);
    return bytes;
  };
}

/** A TextDecoder that counts what it decodes. */
export const meteredDecoder = (count: LiftingMeter['count']) =>
  class MeteredDecoder {
    readonly #decoder: InstanceType<typeof TextDecoder>;

    constructor(label?: string) {
      this.#decoder = new TextDecoder(label);
    }

    decode(bytes: Uint8Array): string {
      count(bytes.byteLength);
      return this.#decoder.decode(bytes);
    }
  };
