import { LimitExceeded, type LogLevel } from '../../../capability/lane/lane-side.ts';
import type { Caller, Note, Refusal, RefusalReason } from '../../../contract/hook-call.ts';
import { cut } from '../../../core/cut.ts';
import { overCpu, type PluginLimits } from '../../limits.ts';
import type { LogLine } from './message.ts';
import { weightOf } from './payload.ts';

/** Notes that a plugin may leave in one call; all of them together weigh no more than its payload may. Of what is beyond, only how much there was is noted. */
const maximumNotes = 100;
const longestRefusal = 1000;

type Entries = ReadonlyMap<string, string>;

/** The chain of calls that one is part of. */
export interface ChainScope {
  readonly job: number;
  log(line: LogLine): void;
  /** Notes something, and records it unless that was done before. */
  note(note: Note, isRecorded?: boolean): void;
  /** Records what will be noted when it is known how often it was. */
  record(note: Note): void;
  callerFor(plugin: string): Caller;
  /** State that a plugin put for itself. */
  own(plugin: string): Entries;
  putOwn(plugin: string, entries: Entries): void;
  /** State that plugins put for all. */
  readonly shared: Entries;
  putShared(entries: Entries): void;
}

/** What a plugin's capabilities may use during one hook call. `close` ends it. */
export class OpenScope {
  readonly plugin: string;
  readonly #chain: ChainScope;
  readonly #limits: PluginLimits;
  #lines = 0;
  #bytes = 0;
  #dropped = 0;
  #asks = 0;
  #notes = 0;
  #noteWeight = 0;
  #kinds = 0;
  #refusals: Map<string, Required<Refusal> & { readonly capability: string }> | undefined;

  constructor(chain: ChainScope, plugin: string, limits: PluginLimits) {
    this.#chain = chain;
    this.plugin = plugin;
    this.#limits = limits;
  }

  get job(): number {
    return this.#chain.job;
  }

  /** Questions to the gateway's side of capabilities so far. */
  get asks(): number {
    return this.#asks;
  }

  get caller(): Caller {
    return this.#chain.callerFor(this.plugin);
  }

  /** Counts a question to the gateway's side of a capability, of a call that has used `cpuMs` so far. @throws LimitExceeded */
  countAsk(capability: string, cpuMs: number): void {
    const limits = this.#limits;
    this.#asks += 1;
    if (cpuMs > limits.cpuMs) throw new LimitExceeded(overCpu(limits.cpuMs));
    if (this.#asks <= limits.hostCalls) return;
    const why = `more than ${limits.hostCalls} host calls in one hook call`;
    this.refused(capability, why, 'over_limit');
    throw new LimitExceeded(why);
  }

  log(level: LogLevel, message: string): void {
    const room = this.#limits.logBytes - this.#bytes;
    if (this.#lines >= this.#limits.logLines || room <= 0) {
      this.#dropped += 1;
      return;
    }
    this.#lines += 1;
    this.#bytes += message.length;
    this.#chain.log({ plugin: this.plugin, level, message: cut(message, room) });
  }

  /** Leaves a note of a capability for the gateway's side. Returns whether it is kept: notes are limited. */
  tell(capability: string, said: unknown): boolean {
    this.#notes += 1;
    this.#noteWeight += weightOf(said);
    const { payloadBytes } = this.#limits;
    const excess =
      (this.#notes > maximumNotes && `${maximumNotes} notes`) ||
      (this.#noteWeight > payloadBytes && `${payloadBytes} characters of notes`);
    if (excess) this.refused(capability, `more than ${excess} in one hook call`, 'over_limit');
    else this.#chain.note({ plugin: this.plugin, capability, said });
    return !excess;
  }

  /** Leaves a note of a refused use. The same one is one note, however often it comes. */
  refused(capability: string, what: string, reason: RefusalReason, times = 1): void {
    this.#refusals ??= new Map();
    const short = cut(what, longestRefusal);
    const isKnown = this.#refusals.has(`${capability} ${reason} ${short}`);
    if (!isKnown) this.#kinds += 1;
    const named = isKnown || this.#kinds <= maximumNotes ? short : 'further uses';
    const key = `${capability} ${reason} ${named}`;
    const before = this.#refusals.get(key)?.times ?? 0;
    this.#refusals.set(key, { capability, what: named, reason, times: before + times });
    if (before === 0) this.#chain.record({ plugin: this.plugin, capability, refused: { what: named, reason } });
  }

  /** Notes the refusals since this was done before. */
  noteRefusals(): void {
    for (const { capability, times, ...rest } of this.#refusals?.values() ?? []) {
      const refused: Refusal = times === 1 ? rest : { ...rest, times };
      this.#chain.note({ plugin: this.plugin, capability, refused }, true);
    }
    this.#refusals = undefined;
  }

  /** State that this plugin put, for itself. */
  get(key: string): string | undefined {
    return this.#chain.own(this.plugin).get(key);
  }

  /** @throws LimitExceeded */
  set(key: string, value: string): void {
    this.#chain.putOwn(this.plugin, this.#with(this.#chain.own(this.plugin), key, value));
  }

  /** State that any plugin put, for all. */
  getShared(key: string): string | undefined {
    return this.#chain.shared.get(key);
  }

  /** @throws LimitExceeded */
  setShared(key: string, value: string): void {
    this.#chain.putShared(this.#with(this.#chain.shared, key, value));
  }

  close(): void {
    if (this.#dropped > 0) {
      const message = `${this.#dropped} more log lines of this call were dropped`;
      this.#chain.log({ plugin: this.plugin, level: 'warn', message });
      const why = `more than ${this.#limits.logLines} lines or ${this.#limits.logBytes} bytes in one hook call`;
      this.refused('log', why, 'over_limit', this.#dropped);
    }
    this.noteRefusals();
  }

  #with(entries: Entries, key: string, value: string): Entries {
    const after = new Map(entries).set(key, value);
    let total = 0;
    for (const [name, text] of after) total += name.length + text.length;
    if (total <= this.#limits.stateBytes) return after;
    const why = `more than ${this.#limits.stateBytes} characters of request state`;
    this.refused('context', why, 'over_limit');
    throw new LimitExceeded(why);
  }
}
