import { generateKeyPairSync } from 'node:crypto';
import { exportJWK } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { fail } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import { KeySet } from './key-set.ts';

const key = async (kid: string) => ({
  ...(await exportJWK(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)),
  kid,
});
const [one, two] = [await key('one'), await key('two')];
const second = 1_000;
const minute = 60 * second;

let time: number;
let fetched: number;
let served: unknown;
beforeEach(() => {
  time = 0;
  fetched = 0;
  served = [one];
});

function open(): (kid: string) => Promise<string> {
  const keys = new KeySet({
    async fetch() {
      fetched += 1;
      await new Promise(setImmediate);
      if (served === undefined) fail('identity_unavailable', { what: 'no answer' });
      return { keys: served } as JsonObject;
    },
    now: () => time,
  });
  return async kid => {
    try {
      await keys.find({ alg: 'ES256', kid }, { payload: '', signature: '' });
      return 'found';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
}
const unknown = 'ERR_JWKS_NO_MATCHING_KEY';
const unavailable = 'identity_unavailable';

describe('the keys of an issuer [GW-132]', () => {
  it('are fetched once, at first use, for all who wait', async () => {
    const find = open();
    expect(fetched).toBe(0);
    expect(await Promise.all([find('one'), find('one'), find('one')])).toEqual(['found', 'found', 'found']);
    expect(fetched).toBe(1);
  });

  it('are fetched again for an unknown key id, at most once in ten seconds', async () => {
    const find = open();
    await find('one');
    served = [two];
    time = 11 * second;
    expect(await Promise.all([find('two'), find('two'), find('none')])).toEqual(['found', 'found', unknown]);
    expect(fetched).toBe(2);
    expect(await Promise.all(Array.from({ length: 50 }, (_, at) => find(`none-${at}`)))).toEqual(
      Array(50).fill(unknown),
    );
    expect(fetched).toBe(2);
    time += 9 * second;
    served = [one];
    expect(await find('one')).toBe(unknown);
    time += 2 * second;
    expect(await find('one')).toBe('found');
    expect(await find('two')).toBe(unknown);
    expect(fetched).toBe(3);
  });

  it('are fetched again in the background after ten minutes', async () => {
    const find = open();
    await find('one');
    served = [two];
    time = 11 * minute;
    expect(await find('one')).toBe('found');
    await expect.poll(() => find('one')).toBe(unknown);
    expect(fetched).toBe(2);
  });

  it('go on for an hour while the issuer cannot be reached, and then are not believed', async () => {
    const find = open();
    await find('one');
    served = undefined;
    time = 59 * minute;
    expect(await find('one')).toBe('found');
    await new Promise(resolve => setTimeout(resolve, 5));
    expect(await find('two')).toBe(unavailable);
    time = 61 * minute;
    expect(await find('one')).toBe(unavailable);
    const before = fetched;
    expect(await find('one')).toBe(unavailable);
    expect(fetched).toBe(before);
    served = [one];
    time += 11 * second;
    expect(await find('one')).toBe('found');
  });

  it.each([
    ['no list', {}],
    ['too many', Array(101).fill(one)],
    ['no objects', [1]],
  ])('that are none make it unavailable: %s', async (_, value) => {
    served = value;
    expect(await open()('one')).toBe(unavailable);
  });
});
