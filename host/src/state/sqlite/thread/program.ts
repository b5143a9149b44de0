/**
 * The program of the store thread, which alone uses the database of plugin values. So another process that locks the file
 * holds up this thread, and the calls that wait for it.
 */
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Fault } from '../../../core/fault.ts';
import { saveCodeCache } from '../../../core/save-code-cache.ts';
import { type KvOperations, KvRefused } from '../../kv.ts';
import { Bell, Mailbox } from '../lane/mailbox.ts';
import { GroupCommit, type Outcome } from './group-commit.ts';
import { answer, laneAsk, type StoreLane } from './lane-ask.ts';
import type { FromStore, KvCall, StoreData, ToStore } from './message.ts';
import { openDatabase } from './open-database.ts';
import { type SqliteTable, sqliteTable } from './sqlite-table.ts';

const sweepEveryMs = 60_000;
const sweptAtOnce = 1000;
/** How long the thread waits before it tries again what another process held up, at most. */
const betweenMs = 10;

const { path, bell: bellMemory } = workerData as StoreData;
const send = (message: FromStore): void => parentPort?.postMessage(message);

/** Answers questions until it is closed. It waits in shared memory, because waiting in an event loop wakes up later. */
class Store {
  readonly #bell = new Bell(bellMemory);
  readonly #database: DatabaseSync;
  readonly #table: SqliteTable;
  readonly #commits: GroupCommit;
  readonly #lanes = new Map<number, StoreLane>();
  #sweepAtMs = performance.now() + sweepEveryMs;
  #closing = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#table = sqliteTable(database);
    this.#commits = new GroupCommit(this.#table);
  }

  run(): void {
    for (;;) {
      const rung = this.#bell.count;
      this.#takeMessages();
      this.#takeQuestions();
      this.#commits.run();
      if (this.#closing) break;
      const nowMs = performance.now();
      if (nowMs >= this.#sweepAtMs) this.#sweep(nowMs);
      const waitMs = this.#commits.isWaiting ? Math.random() * betweenMs : this.#sweepAtMs - nowMs;
      this.#bell.wait(rung, Math.max(0, waitMs));
    }
    this.#commits.giveUp();
    this.#database.close();
  }

  #takeMessages(): void {
    if (parentPort === null) return;
    for (let next = receiveMessageOnPort(parentPort); next !== undefined; next = receiveMessageOnPort(parentPort))
      this.#take(next.message as ToStore);
  }

  #take(message: ToStore): void {
    if (message.type === 'lend') this.#lend(message);
    else if (message.type === 'end') this.#end(message.lane);
    else if (message.type === 'close') this.#closing = true;
    else {
      const { ask, call, now } = message;
      this.#commits.add({
        isRead: call.do === 'get' || call.do === 'list',
        now,
        sinceMs: performance.now(),
        isWanted: () => true,
        run: kv => run(kv, call),
        answer: outcome => answerGateway(ask, outcome),
      });
    }
  }

  #lend({ lane, mailbox, loans }: Extract<ToStore, { type: 'lend' }>): void {
    const known = this.#lanes.get(lane);
    if (known === undefined) this.#lanes.set(lane, { mailbox: new Mailbox(mailbox), loans, hasEnded: false });
    else known.loans = loans;
  }

  #end(lane: number): void {
    const known = this.#lanes.get(lane);
    if (known !== undefined) known.hasEnded = true;
    this.#lanes.delete(lane);
  }

  #takeQuestions(): void {
    for (const lane of this.#lanes.values()) {
      const letter = lane.mailbox.take();
      if (letter === undefined) continue;
      try {
        this.#commits.add(laneAsk(letter, lane));
      } catch (error) {
        answer(lane.mailbox, { error });
      }
    }
  }

  #sweep(nowMs: number): void {
    this.#sweepAtMs = nowMs + sweepEveryMs;
    try {
      this.#table.sweep(Date.now(), sweptAtOnce);
    } catch {
      // What is not swept now is swept later.
    }
  }
}

const run = (kv: KvOperations, { do: name, given }: KvCall): unknown =>
  (kv[name] as (...given: unknown[]) => unknown)(...given);

function answerGateway(ask: number, outcome: Outcome): void {
  send('ok' in outcome ? { type: 'answer', ask, value: outcome.ok } : errorAnswer(ask, outcome.error));
}

function errorAnswer(ask: number, error: unknown): FromStore {
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'error', ask, message, refused: error instanceof KvRefused ? error.reason : undefined };
}

function open(): Store | undefined {
  try {
    return new Store(openDatabase(path));
  } catch (error) {
    const reason = error instanceof Fault ? String(error.details.reason) : String(error);
    send({ type: 'failed', reason });
    return undefined;
  }
}

const store = open();
if (store !== undefined) {
  send({ type: 'opened' });
  saveCodeCache();
  store.run();
}
