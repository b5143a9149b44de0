import { Worker } from 'node:worker_threads';
import { codeCacheEnvironment } from '../../core/code-cache.js';
import { Fault } from '../../core/fault.ts';
import { gatewayThread, type KvBounds, type KvLending, type KvOperations, KvRefused, type KvStore } from '../kv.ts';
import { Bell, Mailbox } from './lane/mailbox.ts';
import type { MailboxLoan } from './lane/mailbox-kv.ts';
import type { FromStore, KvCall, KvLoan, StoreData, ToStore } from './thread/message.ts';

interface SqliteKvOptions {
  readonly now?: (() => number) | undefined;
  /** Called when the thread of the store ends by itself, and each time that it does not start again. */
  readonly failed?: ((fault: Fault) => void) | undefined;
  /** Starts the thread. */
  readonly start?: ((data: StoreData) => Worker) | undefined;
}

const firstDelayMs = 100;
const longestDelayMs = 10_000;
/** How long the thread may take to commit what it has and to close the file. */
const closeWithinMs = 5000;

/**
 * Opens a store in one file. A thread of its own uses the file, so another process that locks it holds up only the calls
 * that need the store. What it acknowledged survives the end of the process, however that came; when the machine loses
 * power, the last moments may be lost. If the thread ends by itself, calls fail until it has started again.
 */
export const openSqliteKv = (path: string, options: SqliteKvOptions = {}): KvStore => {
  const thread = new StoreThread(path, options);
  return {
    opened: thread.opened,
    lending: thread,
    get: (...given) => thread.ask({ do: 'get', given }),
    set: (space, key, value, write) => thread.ask({ do: 'set', given: [space, key, new Uint8Array(value), write] }),
    delete: (...given) => thread.ask({ do: 'delete', given }),
    list: (...given) => thread.ask({ do: 'list', given }),
    compareAndSet: (space, key, expected, value, write) =>
      thread.ask({
        do: 'compareAndSet',
        given: [space, key, expected && new Uint8Array(expected), new Uint8Array(value), write],
      }),
    increment: (...given) => thread.ask({ do: 'increment', given }),
    [Symbol.asyncDispose]: () => thread.close(),
  };
};

const startThread = (data: StoreData): Worker =>
  new Worker(new URL('./thread/program.ts', import.meta.url), {
    name: 'store',
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 },
    env: codeCacheEnvironment(),
    stdin: false,
    stdout: true,
    stderr: true,
  });

interface LaneBox {
  readonly memory: SharedArrayBuffer;
  readonly mailbox: Mailbox;
  readonly loans: KvLoan[];
}

/** The gateway's side of the store thread: starts it, again if it ends by itself, and knows which lanes ask it. */
class StoreThread implements KvLending {
  readonly #path: string;
  readonly #options: SqliteKvOptions;
  readonly #bellMemory = new SharedArrayBuffer(Bell.bytes);
  readonly #bell = new Bell(this.#bellMemory);
  readonly #lanes = new Map<number, LaneBox>();
  readonly #asks = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #lastAsk = 0;
  /** Why nothing can be asked now. */
  #fault: Fault | undefined;
  #hasOpened = false;
  #closing = false;
  #delayMs = firstDelayMs;
  #restart: NodeJS.Timeout | undefined;

  constructor(path: string, options: SqliteKvOptions) {
    this.#path = path;
    this.#options = options;
    this.#opened.promise.catch(() => {});
    this.#start();
  }

  /** Resolves once the file is open. It is rejected with Fault `kv_unusable`. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** @throws Fault `kv_unusable`, KvRefused, Error */
  async ask<Call extends KvCall>(call: Call): Promise<ReturnType<KvOperations[Call['do']]>> {
    if (this.#fault !== undefined) throw this.#fault;
    const answer = Promise.withResolvers<unknown>();
    this.#lastAsk += 1;
    this.#asks.set(this.#lastAsk, answer);
    const now = this.#options.now?.() ?? Date.now();
    this.#send({ type: 'ask', ask: this.#lastAsk, call, now });
    return (await answer.promise) as ReturnType<KvOperations[Call['do']]>;
  }

  lend(thread: number, plugin: string, bounds: KvBounds): MailboxLoan | undefined {
    if (thread === gatewayThread) return undefined;
    const lane = this.#lanes.get(thread) ?? createBox();
    this.#lanes.set(thread, lane);
    lane.loans.push({ plugin, bounds });
    this.#sendLane(thread, lane);
    return { mailbox: lane.memory, bell: this.#bellMemory, loan: lane.loans.length - 1 };
  }

  /** Does nothing: what a lane has asked is the store thread's to finish. */
  settle(): void {}

  end(thread: number): void {
    if (this.#lanes.delete(thread)) this.#send({ type: 'end', lane: thread });
  }

  /** Commits what was asked by now, and ends the thread. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    this.#send({ type: 'close' });
    if (worker === undefined) return;
    const late = setTimeout(() => void worker.terminate(), closeWithinMs);
    await this.#ended.promise;
    clearTimeout(late);
  }

  #start(): void {
    const { start = startThread } = this.#options;
    const worker = start({ path: this.#path, bell: this.#bellMemory });
    let reason = 'its thread ended';
    worker.on('message', (message: FromStore) => {
      if (message.type === 'failed') reason = message.reason;
      else this.#receive(message);
    });
    worker.on('error', error => {
      reason = `its thread ended: ${error instanceof Error ? error.message : String(error)}`;
    });
    worker.on('exit', () => this.#end(reason));
    this.#worker = worker;
    for (const [thread, lane] of this.#lanes) this.#sendLane(thread, lane);
  }

  #send(message: ToStore): void {
    this.#worker?.postMessage(message);
    this.#bell.ring();
  }

  #sendLane(thread: number, { memory, loans }: LaneBox): void {
    this.#send({ type: 'lend', lane: thread, mailbox: memory, loans });
  }

  #receive(message: Exclude<FromStore, { type: 'failed' }>): void {
    if (message.type === 'opened') {
      this.#hasOpened = true;
      this.#fault = undefined;
      this.#bell.isDown = false;
      this.#delayMs = firstDelayMs;
      this.#opened.resolve();
      return;
    }
    const answer = this.#asks.get(message.ask);
    this.#asks.delete(message.ask);
    if (message.type === 'answer') answer?.resolve(message.value);
    else {
      const { refused, message: text } = message;
      answer?.reject(refused === undefined ? new Error(text) : new KvRefused(refused, text));
    }
  }

  /** Fails what waits for the thread, which has ended, and starts another. */
  #end(reason: string): void {
    this.#worker = undefined;
    const fault = new Fault('kv_unusable', { file: this.#path, reason: this.#closing ? 'it was closed' : reason });
    this.#fault = fault;
    this.#bell.isDown = true;
    for (const { mailbox } of this.#lanes.values()) mailbox.lose();
    for (const answer of this.#asks.values()) answer.reject(fault);
    this.#asks.clear();
    this.#opened.reject(fault);
    this.#ended.resolve();
    if (this.#closing || !this.#hasOpened) return;
    this.#options.failed?.(fault);
    this.#restart = setTimeout(() => this.#start(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, longestDelayMs);
  }
}

function createBox(): LaneBox {
  const memory = Mailbox.create();
  return { memory, mailbox: new Mailbox(memory), loans: [] };
}
