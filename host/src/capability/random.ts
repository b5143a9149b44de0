import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { defineCapability, type HostImports, LimitExceeded } from './capability.ts';

const maximumBytes = 65_536;

const grantSchema = z.strictObject({});

/** No operator can write `repeats`. Who opens lanes to try a plugin may say what it draws, over and over. */
type Grant = z.infer<typeof grantSchema> & { readonly repeats?: Uint8Array | undefined };

/** Random bytes from the operating system. */
export const random = defineCapability<Grant>({
  name: 'random',
  wit: [
    'sallyport:plugin/random@0.1.0',
    'wasi:random/random@0.2',
    'wasi:random/insecure@0.2',
    'wasi:random/insecure-seed@0.2',
  ],
  risk: 'Lets the plugin draw random numbers. What it does with a request can then no longer be repeated exactly.',
  grant: grantSchema,
  example: 'random: {}',
  refuses: { over_limit: `more than ${maximumBytes} bytes at once; the call ends, with cause \`limit\`` },
  imports: ({ repeats }, lane) =>
    functions(repeats === undefined ? randomBytes : repeating(repeats), why => lane.refused(why, 'over_limit')),
  learning: {
    records:
      'That it was asked for. It answers the same numbers each time, which protect nothing, so that runtimes start and the other needs are seen.',
    imports: tell => {
      const draw = (length: number) => {
        tell({});
        return sequence(length);
      };
      return functions(draw, () => {});
    },
    grant: () => ({}),
  },
});

/** Goes on where the last draw ended. */
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

/** Bytes that look mixed, and are the same each time: whoever draws until something fits comes to an end. */
const sequence = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, index) => index * 167 + 13));
