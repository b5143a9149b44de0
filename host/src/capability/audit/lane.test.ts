import { expect, it } from 'vitest';
import type { LaneContext } from '../lane/lane-side.ts';
import { auditInLane } from './lane.ts';

it('[CAP-106] an event beyond what one hook call may write is an error of the guest', () => {
  const kept: unknown[] = [];
  const lane = {
    refused: () => {},
    tell: (said: unknown) => kept.length < 2 && kept.push(said) > 0,
  } as unknown as LaneContext;
  const imports = auditInLane.imports({ max_bytes: 100 }, lane);
  const { write } = imports['sallyport:plugin/audit'] as { write(event: string, details: string): void };
  write('first', '{}');
  write('second', '{}');
  expect(() => write('third', '{}')).toThrow(
    expect.objectContaining({ payload: 'this hook call has written more events than one call may' }),
  );
  expect(kept).toEqual([
    { event: 'first', details: '{}' },
    { event: 'second', details: '{}' },
  ]);
});
