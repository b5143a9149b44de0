import { expect, it } from 'vitest';
import { LogLimit } from './log-limit.ts';

it('[SBX-11] keeps lines up to their number and their length together, and counts the others', () => {
  const limit = new LogLimit({ logLines: 3, logBytes: 8 });
  expect(['abcd', 'efghij', 'k', 'l'].map(line => limit.take(line))).toEqual(['abcd', 'efgh…', undefined, undefined]);
  expect(limit.dropped).toBe(2);
  const lines = new LogLimit({ logLines: 1, logBytes: 8 });
  expect([lines.take('a'), lines.take('b'), lines.dropped]).toEqual(['a', undefined, 1]);
  expect(`more than ${lines}`).toBe('more than 1 lines or 8 bytes');
});
