import { describe, expect, it } from 'vitest';
import { highest, isBelow } from './version-mark.ts';

describe('isBelow orders by Semantic Versioning, then by sequence', () => {
  it.each([
    ['1.0.0', '1.0.1'],
    ['1.2.0', '1.10.0'],
    ['9.0.0', '10.0.0'],
    ['1.0.0-alpha', '1.0.0'],
    ['1.0.0-alpha', '1.0.0-alpha.1'],
    ['1.0.0-alpha.1', '1.0.0-alpha.beta'],
    ['1.0.0-2', '1.0.0-10'],
    ['1.0.0-99999999999999999998', '1.0.0-99999999999999999999'],
  ])('[RUN-42] %s is below %s, and not the other way round', (low, high) => {
    expect(isBelow({ version: low }, { version: high })).toBe(true);
    expect(isBelow({ version: high }, { version: low })).toBe(false);
  });

  it.each([
    { what: 'build metadata does not count', one: { version: '1.0.0+a' }, other: { version: '1.0.0+b' } },
    { what: 'equal sequences', one: { version: '1.0.0', sequence: 3 }, other: { version: '1.0.0', sequence: 3 } },
  ])('[RUN-42] neither is below the other: $what', ({ one, other }) => {
    expect([isBelow(one, other), isBelow(other, one)]).toEqual([false, false]);
  });

  it('[RUN-42] the sequence decides between equal versions, and none is below zero', () => {
    expect(isBelow({ version: '1.0.0', sequence: 3 }, { version: '1.0.0', sequence: 4 })).toBe(true);
    expect(isBelow({ version: '1.0.0' }, { version: '1.0.0', sequence: 0 })).toBe(true);
    expect(isBelow({ version: '1.0.1', sequence: 1 }, { version: '1.0.0', sequence: 9 })).toBe(false);
  });
});

it('[RUN-42] highest keeps the higher mark, and no other member', () => {
  const pin = { version: '1.0.0', sequence: 2, digest: 'sha256:00' };
  expect(highest(pin, undefined)).toEqual({ version: '1.0.0', sequence: 2 });
  expect(highest(pin, { version: '1.1.0' })).toEqual({ version: '1.1.0' });
  expect(highest(pin, { version: '1.0.0', sequence: 1 })).toEqual({ version: '1.0.0', sequence: 2 });
});
