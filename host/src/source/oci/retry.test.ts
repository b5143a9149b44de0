import { expect, it } from 'vitest';
import { defaultPatience, retryAfterMs, Transient, withRetries } from './retry.ts';

it.each([
  [null, undefined],
  ['0', 0],
  ['120', 120_000],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 60_000],
  ['Wed, 31 Dec 1969 00:00:00 GMT', 0],
  ['soon', undefined],
])('reads Retry-After %j as %j ms', (field, milliseconds) => {
  expect(retryAfterMs(field, 0)).toBe(milliseconds);
});

const quick = { ...defaultPatience, attempts: 3, pauseMs: 1 };
const about = { reference: 'r.example/a:1' };

/** Runs a function that throws `errors` one after the other, and returns the number of attempts. */
async function run(errors: readonly Error[], patience = quick, signal?: AbortSignal) {
  let count = 0;
  const outcome = await withRetries(
    async () => {
      const error = errors[count++];
      if (error) throw error;
      return 'done';
    },
    patience,
    about,
    signal,
  ).catch((error: unknown) => error);
  return { count, outcome };
}

it('[SRC-23] tries again after what may pass', async () => {
  expect(await run([new Transient('a'), new Transient('b')])).toEqual({ count: 3, outcome: 'done' });
});

it('[SRC-23] gives up in the end, and tells the last cause', async () => {
  const { count, outcome } = await run([new Transient('a'), new Transient('b'), new Transient('c')]);
  expect(count).toBe(3);
  expect(outcome).toMatchObject({ code: 'registry_unreachable', details: { ...about, what: 'c', attempts: 3 } });
});

it('[SRC-23] does not wait longer than it is told to', async () => {
  const { count, outcome } = await run([new Transient('busy', 60_001)], { ...quick, longestPauseMs: 60_000 });
  expect([count, outcome]).toEqual([1, expect.objectContaining({ code: 'registry_unreachable' })]);
});

it('does not try again after anything else', async () => {
  expect(await run([new RangeError('x')])).toMatchObject({ count: 1, outcome: { name: 'RangeError' } });
});

it('stops waiting when its caller gives up', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 5);
  const { outcome } = await run([new Transient('a', 20_000)], quick, controller.signal);
  expect(outcome).toMatchObject({ message: 'enough' });
});
