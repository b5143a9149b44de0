import { expect, it } from 'vitest';
import { beganMs } from './opened-file.ts';

const hour = 3_600_000;

it.each<[string, { birthtimeMs: bigint; mtimeMs: bigint; size: bigint }, number]>([
  ['where the file system knows', { birthtimeMs: 5n, mtimeMs: 9n, size: 1n }, 5],
  ['by its last change otherwise', { birthtimeMs: 0n, mtimeMs: 9n, size: 1n }, 9],
])('[AUD-4] a file was begun %s', (_, status, began) => {
  expect(beganMs(status)).toBe(began);
});

it('[AUD-4] an empty file begins now where the file system does not know', () => {
  expect(Date.now() - beganMs({ birthtimeMs: 0n, mtimeMs: 0n, size: 0n })).toBeLessThan(hour);
});
