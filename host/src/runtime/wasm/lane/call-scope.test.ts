import { expect, it } from 'vitest';
import { defaultLimits } from '../../limits.ts';
import { ChainScope } from './call-scope.ts';

it('[CAP-96] the notes of one call weigh no more than its payload may, and what is beyond is counted', () => {
  const scope = new ChainScope(1, () => {});
  const open = scope.open({ id: 'p', limits: { ...defaultLimits, payloadBytes: 1000 }, loggedLevels: [] });
  const kept = Array.from({ length: 5 }, () => open.note('audit', { event: 'e', details: { text: 'x'.repeat(400) } }));
  expect(kept).toEqual([true, true, false, false, false]);
  open.close();
  const notes = scope.takeRecords()?.notes ?? [];
  expect(notes.filter(({ said }) => said !== undefined)).toHaveLength(2);
  expect(notes.flatMap(({ refused }) => refused ?? [])).toEqual([
    { what: 'more than 1000 characters of notes in one hook call', reason: 'over_limit', times: 3 },
  ]);
});

it('[SBX-111] log lines of levels that are not written count in the limits, and are not kept', () => {
  const scope = new ChainScope(1, () => {});
  const limits = { ...defaultLimits, logLines: 2 };
  const open = scope.open({ id: 'p', limits, loggedLevels: ['warn', 'error'] });
  open.log('debug', 'one');
  open.log('error', 'two');
  open.log('error', 'three');
  open.close();
  expect(scope.takeRecords()?.logs).toEqual([
    { plugin: 'p', level: 'error', message: 'two' },
    { plugin: 'p', level: 'warn', message: '1 more log lines of this call were dropped' },
  ]);
});
