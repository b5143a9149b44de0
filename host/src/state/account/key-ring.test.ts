import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KeyRing, keyIn } from './key-ring.ts';

const [one, two] = [randomBytes(32), randomBytes(32)];

describe('a secret with a key', () => {
  it.each([
    { what: 'base64', secret: one.toString('base64'), isKey: true },
    { what: 'base64 without padding', secret: one.toString('base64').replace('=', ''), isKey: true },
    { what: 'base64url', secret: one.toString('base64url'), isKey: true },
    { what: 'hexadecimal', secret: one.toString('hex'), isKey: true },
    { what: 'base64 with a line break at its end', secret: `${one.toString('base64')}\n`, isKey: true },
    { what: 'a password', secret: 'correct horse battery staple, which is long', isKey: false },
    { what: 'too few bytes', secret: one.subarray(1).toString('base64'), isKey: false },
    { what: 'too many bytes', secret: Buffer.concat([one, one]).toString('base64'), isKey: false },
    { what: 'nothing', secret: '', isKey: false },
  ])('[UP-52] is accepted or not: $what', ({ secret, isKey }) => {
    expect(keyIn(secret)).toEqual(isKey ? one : undefined);
  });
});

describe('an encrypted text', () => {
  const ring = new KeyRing([one]);
  const sealed = ring.seal('a refresh token', 'ada at tickets');

  it('[UP-52] opens with its key and owner, and differs each time', () => {
    expect(ring.open(sealed, 'ada at tickets')).toEqual({ text: 'a refresh token', isCurrent: true });
    expect(Buffer.from(sealed).includes('refresh')).toBe(false);
    expect(ring.seal('a refresh token', 'ada at tickets')).not.toEqual(sealed);
  });

  it('[UP-52] opens with an earlier key, and is known to need the current one', () => {
    expect(new KeyRing([two, one]).open(sealed, 'ada at tickets')).toMatchObject({ isCurrent: false });
  });

  it.each([
    { what: 'another key', open: () => new KeyRing([two]).open(sealed, 'ada at tickets') },
    { what: 'another owner', open: () => ring.open(sealed, 'bob at tickets') },
    { what: 'nothing', open: () => ring.open(new Uint8Array(), 'ada at tickets') },
    { what: 'a short rest', open: () => ring.open(sealed.subarray(0, 30), 'ada at tickets') },
    ...Array.from({ length: sealed.length }, (_, at) => ({
      what: `a change of byte ${at}`,
      open: () =>
        ring.open(
          sealed.map((byte, index) => (index === at ? byte ^ 1 : byte)),
          'ada at tickets',
        ),
    })),
  ])('[UP-52] does not open with $what', ({ open }) => {
    expect(open()).toBeUndefined();
  });
});
