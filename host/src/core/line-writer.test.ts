import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { LineWriter } from './line-writer.ts';

const flushed = (writer: LineWriter) => new Promise<void>(resolve => writer.flush(resolve));

it('[RUN-105] writes lines in order, whatever their number and length', async () => {
  const file = join(await temporaryFolder(), 'log');
  const descriptor = openSync(file, 'w');
  const writer = new LineWriter(descriptor);
  const lines = Array.from({ length: 5_000 }, (_, index) => `${index} ${'ü'.repeat(index % 50)}\n`);
  for (const [index, line] of lines.entries()) {
    writer.write(line);
    if (index % 1_000 === 0) await flushed(writer);
  }
  await flushed(writer);
  closeSync(descriptor);
  expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
});

it('[RUN-105] goes on when nothing can be written, and counts what is lost', async () => {
  const full = openSync('/dev/full', 'w');
  const writer = new LineWriter(full);
  const line = `${'x'.repeat(1024 * 1024)}\n`;
  for (let each = 0; each < 40; each += 1) writer.write(line);
  await flushed(writer);
  closeSync(full);
  // The number of the descriptor is the next that is opened.
  const file = join(await temporaryFolder(), 'log');
  const descriptor = openSync(file, 'w');
  expect(descriptor).toBe(full);
  await flushed(writer);
  closeSync(descriptor);
  const written = readFileSync(file, 'utf8').trimEnd().split('\n');
  const { lost } = JSON.parse(written.at(-1) ?? '');
  expect(lost).toBeGreaterThan(0);
  expect(written.length - 1 + lost).toBe(40);
});
