import { describe, expect, it } from 'vitest';
import { Fault } from '../core/fault.ts';
import type { Receipt } from '../hook/receipt.ts';
import { longestName } from '../mcp/message.ts';
import { CallRecord } from './call.ts';

const receipt: Receipt = { plugin: 'p', hook: 'tool_pre_invoke', wallMs: 1, outcome: 'proceed' };
const blocked = { plugin: 'p', code: 'NO', reason: 'because', description: '' };
const refused = new Fault('upstream_error', { upstream: 'a' });

/** The members of a summary that say something. */
const told = (record: CallRecord) => JSON.parse(JSON.stringify(record.summary()));

describe('the record of a call', () => {
  it.each<{ what: string; note: (record: CallRecord) => void; summary: object }>([
    { what: 'nothing yet', note() {}, summary: {} },
    { what: 'its target', note: record => record.nameTarget('echo'), summary: { name: 'echo' } },
    {
      what: 'the beginning of a target that is too long',
      note: record => record.nameTarget('x'.repeat(longestName + 1)),
      summary: { name: `${'x'.repeat(longestName)}…` },
    },
    {
      what: 'the receipts of a call that reached no upstream',
      note: record => record.receipts.add(receipt),
      summary: { plugins: [receipt] },
    },
    {
      what: 'its upstreams in order, and its receipts',
      note(record) {
        for (const id of ['a', 'b', 'a']) record.enterUpstream(id);
        record.receipts.add(receipt);
      },
      summary: { upstream: 'a,b,a', plugins: [receipt] },
    },
    { what: 'its block', note: record => record.end({ blocked }), summary: { blocked } },
  ])('has $what', ({ note, summary }) => {
    const record = new CallRecord();
    note(record);
    expect(told(record)).toEqual(summary);
  });

  it('has the error of an upstream', () => {
    const record = new CallRecord();
    record.end({ refused });
    expect(record.summary().refused).toBe(refused);
  });
});

describe('the calls of plugins within a call', () => {
  it('have ids of their own in order, and are counted by plugin', () => {
    const record = new CallRecord();
    const calls = ['p', 'q', 'p'].map(plugin => record.addCall('r-1', plugin));
    expect(calls.map(({ request }) => request)).toEqual(['r-1.1', 'r-1.2', 'r-1.3']);
    expect(['p', 'q', 'other'].map(plugin => record.callsBy(plugin))).toEqual([2, 1, 0]);
  });

  it('have the outcome that was noted first, and none while they run', () => {
    const record = new CallRecord();
    const [running, ended] = [record.addCall('r-1', 'p'), record.addCall('r-1', 'q')];
    running.nameTarget('slow');
    ended.finish('blocked');
    ended.finish('aborted');
    expect(told(record).calls).toEqual([
      { request: 'r-1.1', by: 'p', name: 'slow' },
      { request: 'r-1.2', by: 'q', outcome: 'blocked', ms: expect.any(Number) },
    ]);
  });
});
