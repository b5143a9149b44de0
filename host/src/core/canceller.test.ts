import { expect, it } from 'vitest';
import { Canceller, signalOf } from './canceller.ts';

it('aborts once, and calls the listeners that are left', () => {
  const canceller = new Canceller();
  const called: string[] = [];
  const removed = () => called.push('removed');
  canceller.addEventListener('abort', removed);
  canceller.addEventListener('abort', () => called.push('kept'));
  canceller.removeEventListener('abort', removed);
  canceller.removeEventListener('abort', removed);
  expect(canceller.aborted).toBe(false);
  canceller.throwIfAborted();
  canceller.abort('first');
  canceller.abort('second');
  expect([called, canceller.aborted, canceller.reason]).toEqual([['kept'], true, 'first']);
  expect(() => canceller.throwIfAborted()).toThrow('first');
});

it.each([
  { what: 'before it is aborted', isEarly: true },
  { what: 'after it was aborted', isEarly: false },
])('gives a signal of Node $what', ({ isEarly }) => {
  const canceller = new Canceller();
  const early = isEarly ? signalOf(canceller) : undefined;
  expect(early?.aborted ?? false).toBe(false);
  canceller.abort('left');
  const signal = signalOf(canceller);
  expect(signal).toBe(early ?? signal);
  expect([signal.aborted, signal.reason]).toEqual([true, 'left']);
});

it('returns a signal of Node as it is', () => {
  const { signal } = new AbortController();
  expect(signalOf(signal)).toBe(signal);
});
