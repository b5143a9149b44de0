import { LimitExceeded } from '../../../capability/lane/lane-side.ts';

/**
 * The weight that may be sent to a lane, or kept by it to be sent, at once. More than that waits, except for a single
 * value that is heavier by itself. A lane whose heap overflows while it reads a message ends the whole process.
 */
export const heaviest = 4 * 2 ** 20;

/**
 * Returns the weight of a value of the contract: the characters of its texts, the bytes of its blobs, and eight for
 * each number. Names and brackets do not count, so the weight is less than the length of its JSON.
 */
export function weightOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value === 'number' || typeof value === 'bigint') return 8;
  if (typeof value !== 'object' || value === null) return 0;
  // Also true for views of the glue's realm, which has classes of its own.
  if (ArrayBuffer.isView(value)) return value.byteLength;
  let weight = 0;
  if (Array.isArray(value)) {
    for (const member of value) weight += weightOf(member);
    return weight;
  }
  // Values of the contract are plain objects, so all members are their own.
  for (const name in value) weight += weightOf((value as Readonly<Record<string, unknown>>)[name]);
  return weight;
}

/** The weight of each element of a list beside its content: it becomes an object in the lane. */
export const elementBytes = 64;
/** What the result of a hook may have beside its payload. */
const roomBytes = 2 ** 20;

/**
 * Limits what the glue copies out of a guest's memory at one time: the arguments of one host function, or one result.
 * A few bytes of memory can be a thousand long texts, all of them at the same place, and a text that no longer fits the
 * heap of a lane ends the whole process.
 */
export class LiftingMeter {
  readonly #limit: number;
  #bytes = 0;

  constructor(payloadBytes: number) {
    this.#limit = LiftingMeter.limit(payloadBytes);
  }

  /** Returns the bytes that may be copied at one time. */
  static limit(payloadBytes: number): number {
    return payloadBytes + roomBytes;
  }

  /** Starts again from zero, when the copied values were handed on. */
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

/** What glue uses of a TextDecoder. */
interface Decoder {
  decode(bytes: Uint8Array): string;
}

/** Returns a class like TextDecoder that counts what it decodes. */
export const meteredDecoder = (count: LiftingMeter['count']): (new (label?: string) => Decoder) =>
  class MeteredDecoder implements Decoder {
    readonly #decoder: InstanceType<typeof TextDecoder>;

    constructor(label?: string) {
      this.#decoder = new TextDecoder(label);
    }

    decode(bytes: Uint8Array): string {
      count(bytes.byteLength);
      return this.#decoder.decode(bytes);
    }
  };
