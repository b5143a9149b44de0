import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { defineCapability, LimitExceeded } from './capability.ts';

const maximumBytes = 65_536;

/** Random bytes from the operating system. */
export const random = defineCapability({
  name: 'random',
  wit: [
    'sallyport:plugin/random@0.1.0',
    'wasi:random/random@0.2',
    'wasi:random/insecure@0.2',
    'wasi:random/insecure-seed@0.2',
  ],
  risk: 'Lets the plugin draw random numbers. What it does with a request can then no longer be repeated exactly.',
  grant: z.strictObject({}),
  example: 'random: {}',
  imports: () => {
    const bytes = (length: number | bigint) => {
      if (length > maximumBytes) throw new LimitExceeded(`more than ${maximumBytes} random bytes at once`);
      return new Uint8Array(randomBytes(Number(length)));
    };
    const u64 = () => randomBytes(8).readBigUInt64LE();
    return {
      'sallyport:plugin/random': { bytes },
      'wasi:random/random': { getRandomBytes: bytes, getRandomU64: u64 },
      'wasi:random/insecure': { getInsecureRandomBytes: bytes, getInsecureRandomU64: u64 },
      'wasi:random/insecure-seed': { insecureSeed: () => [u64(), u64()] },
    };
  },
});
