import { expect, it } from 'vitest';
import { defaultLimits } from '../../limits.ts';
import { ChainScope } from './call-scope.ts';

it('[CAP-96] the notes of one call weigh no more than its payload may, and what is beyond is counted', () => {
  const scope = new ChainScope(1, () => {});
  const open = scope.open('p', { ...defaultLimits, payloadBytes: 1000 });
  const kept = Array.from({ length: 5 }, () => open.note('audit', { event: 'e', details: { text: 'x'.repeat(400) } }));
  expect(kept).toEqual([true, true, false, false, false]);
  open.close();
  const notes = scope.takeRecords()?.notes ?? [];
  expect(notes.filter(({ said }) => said !== undefined)).toHaveLength(2);
  expect(notes.flatMap(({ refused }) => refused ?? [])).toEqual([
    { what: 'more than 1000 characters of notes in one hook call', reason: 'over_limit', times: 3 },
  ]);
});
