import { expect, it } from 'vitest';
import { countedOutcome, type Receipt, Receipts, receiptLine } from './receipt.ts';

const answered: Receipt = { plugin: 'cache', hook: 'tool_pre_invoke', wallMs: 2, outcome: 'respond' };
const looked: Receipt = { plugin: 'redact', hook: 'tool_post_invoke', wallMs: 1, outcome: 'proceed' };
const broken: Receipt = { ...answered, outcome: 'failed', cause: 'invalid_output', message: 'why' };

it('[HOOK-03] counts a hook call once, by the last receipt of it, and keeps what was written before', () => {
  const receipts = new Receipts();
  receipts.add(answered);
  receipts.add(looked);
  expect(receipts.calls).toEqual([answered, looked]);
  receipts.correct(answered, broken);
  expect(receipts.calls).toEqual([broken, looked]);
  expect(receipts.written).toEqual([answered, looked, broken]);
});

it('[HOOK-03] shows the cause of a failure instead of what the plugin said, and counts by it', () => {
  expect(receiptLine(broken)).toEqual({
    ...{ plugin: 'cache', hook: 'tool_pre_invoke', outcome: 'failed', cause: 'invalid_output', ms: 2 },
  });
  expect([countedOutcome(broken), countedOutcome(looked)]).toEqual(['invalid_output', 'proceed']);
});
