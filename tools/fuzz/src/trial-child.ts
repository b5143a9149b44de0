/**
 * A process of its own for the trials of one target: it may crash, hang, or use up its memory, and its parent
 * sees at which run. Takes an Order, answers with Reports.
 */
import { openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { inputOf } from './inputs.ts';
import type { Order, Report } from './order.ts';
import { Finding, type Target } from './target.ts';
import { found, guardShared, refusalOf } from './verdict.ts';

/** Bytes of resident memory, beyond what there was at the start, that a run may leave behind. */
const memoryLimit = 1536 * 2 ** 20;

process.on('disconnect', () => process.exit());
process.on('message', (order: Order) => void tryAll(order));

const tell = (report: Report) => new Promise<void>(resolve => process.send?.(report, () => resolve()));

async function tryAll({ module, seed, from, runs = Infinity, forMs = Infinity, files, progress }: Order) {
  const { target } = (await import(module)) as { target: Target };
  const seeds = await target.seeds();
  await using trial = await target.open(seeds);
  const check = guardShared();
  const outcomes = new Map<string, number>();
  const file = openSync(progress, 'w');
  let run = from;
  const tellOf = (what: string, thrown: unknown) => {
    const { kind, message: reason } = found(what, thrown);
    return tell({ is: 'finding', run, kind, reason });
  };
  process.on('uncaughtException', thrown => void tellOf('nobody caught it', thrown));
  process.on('unhandledRejection', thrown => void tellOf('nobody caught it', thrown));
  await tell({ is: 'open' });

  const end = performance.now() + forMs;
  const last = Math.min(from + runs, files?.length ?? Infinity);
  for (; run < last && performance.now() < end; run += 1) {
    writeSync(file, `${run}\n`, 0);
    try {
      const path = files?.[run];
      const input = path === undefined ? inputOf(target, seeds, seed, run) : new Uint8Array(await readFile(path));
      const outcome = await trial.run(input).catch(refusalOf);
      check();
      if (process.memoryUsage.rss() > memoryLimit) {
        throw new Finding('resident memory above the limit', `${process.memoryUsage.rss()} bytes`);
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (thrown) {
      await tellOf('the check itself failed', thrown);
    }
  }
  await tell({ is: 'done', outcomes: Object.fromEntries(outcomes) });
}
