import { expect, it } from 'vitest';
import type { Refusal } from '../../../contract/hook-call.ts';
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

it('[SBX-131] equal refusals of a call are few notes, also where each is sent at once, as from a process', () => {
  const sent: Refusal[] = [];
  const take = (each: ChainScope) => {
    for (const { refused } of each.takeRecords()?.notes ?? []) if (refused !== undefined) sent.push(refused);
  };
  const scope = new ChainScope(1, (_record, each) => take(each));
  const open = scope.open({ id: 'p', limits: defaultLimits, loggedLevels: [] });
  for (let kind = 0; kind < 300; kind += 1)
    for (let time = 0; time < 5; time += 1) open.refused('metrics', `name ${kind}`, 'over_limit');
  open.close();
  take(scope);
  const named = Array.from({ length: 100 }, (_, kind) => `name ${kind}`);
  // Each kind at once, and once more for those that followed.
  expect(sent).toHaveLength(2 * 101);
  const times = Map.groupBy(sent, ({ what }) => what);
  const count = (what: string) => times.get(what)?.reduce((sum, refused) => sum + (refused.times ?? 1), 0);
  expect(named.map(count)).toEqual(named.map(() => 5));
  expect(count('further uses')).toBe(1000);
});
