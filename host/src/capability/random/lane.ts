import { randomBytes } from 'node:crypto';
import { type HostImports, type LaneSide, LimitExceeded } from '../lane/lane-side.ts';

/** Bytes that can be drawn at once. */
export const maximumBytes = 65_536;

/** What the lane needs of a grant. */
interface RandomGrant {
  /** The bytes that `plugin test` repeats. No operator can write it. */
  readonly repeats?: Uint8Array | undefined;
}

/** What guests get of `random`. */
export const randomInLane = {
  name: 'random',
  wit: [
    'sallyport:plugin/random@0.1.0',
    'wasi:random/random@0.2',
    'wasi:random/insecure@0.2',
    'wasi:random/insecure-seed@0.2',
  ],
  imports: ({ repeats }, lane) =>
    functions(repeats === undefined ? randomBytes : repeating(repeats), why => lane.refused(why, 'over_limit')),
  learning: {
    imports(tell) {
      const draw = (length: number) => {
        tell({});
        return sequence(length);
      };
      return functions(draw, () => {});
    },
  },
} satisfies LaneSide<RandomGrant>;

/** Continues where the last draw ended. */
function repeating(bytes: Uint8Array): (length: number) => Buffer {
  let drawn = 0;
  return length => Buffer.from(Uint8Array.from({ length }, () => bytes[drawn++ % bytes.length] ?? 0));
}

function functions(draw: (length: number) => Buffer, refused: (why: string) => void): HostImports {
  const bytes = (length: number | bigint) => {
    if (length <= maximumBytes) return new Uint8Array(draw(Number(length)));
    const why = `more than ${maximumBytes} random bytes at once`;
    refused(why);
    throw new LimitExceeded(why);
  };
  const u64 = () => draw(8).readBigUInt64LE();
  return {
    'sallyport:plugin/random': { bytes },
    'wasi:random/random': { getRandomBytes: bytes, getRandomU64: u64 },
    'wasi:random/insecure': { getInsecureRandomBytes: bytes, getInsecureRandomU64: u64 },
    'wasi:random/insecure-seed': { insecureSeed: () => [u64(), u64()] },
  };
}

/** Returns bytes that look mixed and are the same each time, so that code that draws until a value fits terminates. */
const sequence = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, index) => index * 167 + 13));
