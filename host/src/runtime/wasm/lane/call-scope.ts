import { LimitExceeded, type LogLevel } from '../../../capability/lane/lane-side.ts';
import type { Caller, ChainInput, Note, Refusal, RefusalReason, RequestState } from '../../../contract/hook-call.ts';
import { cut } from '../../../core/cut.ts';
import { overCpu, type PluginLimits } from '../../limits.ts';
import { LogLimit } from './log-limit.ts';
import type { CallRecords, LanePlugin, LogLine } from './message.ts';
import { weightOf } from './payload-limit.ts';

/** Notes that a plugin may leave in one call. Beyond that, only their number is noted. */
const maximumNotes = 100;
const longestRefusal = 1000;

type Entries = ReadonlyMap<string, string>;
const noEntries: Entries = new Map();
const noState: RequestState = { local: new Map(), shared: noEntries };

/** Stores a log line or note where the gateway finds it if the lane ends before it answers. */
export type Store = (record: LogLine | Note, scope: ChainScope) => void;

/** What a scope needs to know of its plugin. */
type ScopedPlugin = Pick<LanePlugin, 'id' | 'limits' | 'loggedLevels'>;

/** The state, log lines and notes of one chain of calls, in the lane. */
export class ChainScope {
  readonly job: number;
  readonly tenant: string | undefined;
  readonly #store: Store;
  readonly #shown: ReadonlyMap<string, Caller> | undefined;
  /** A change puts a copy in place, because the input of the job must stay as it was. */
  #state: RequestState;
  #changed = false;
  #logs: LogLine[] = [];
  #notes: Note[] = [];
  #call: CallScope | undefined;

  /** @param store is called at once with each log line and note, but only once for equal refusals */
  constructor(job: number, store: Store, input?: Pick<ChainInput, 'context' | 'state' | 'shown'>) {
    this.job = job;
    this.tenant = input?.context.tenant;
    this.#store = store;
    this.#shown = input?.shown;
    this.#state = input?.state ?? noState;
  }

  /** The state, if a call changed it. */
  get changedState(): RequestState | undefined {
    return this.#changed ? this.#state : undefined;
  }

  /** Opens the scope of one hook call, from which on its limits count. One is open at a time. */
  open(plugin: ScopedPlugin): CallScope {
    this.#call = new CallScope(this, plugin);
    return this.#call;
  }

  /** Removes and returns the log lines and notes so far. Returns undefined if there are none. */
  takeRecords(): CallRecords | undefined {
    this.#call?.noteRefusals();
    if (this.#logs.length === 0 && this.#notes.length === 0) return undefined;
    const records = { logs: this.#logs, notes: this.#notes };
    this.#logs = [];
    this.#notes = [];
    return records;
  }

  log(line: LogLine): void {
    this.#logs.push(line);
    this.#store(line, this);
  }

  /** Adds a note, and stores it unless that was done before. */
  note(note: Note, isStored = false): void {
    this.#notes.push(note);
    if (!isStored) this.#store(note, this);
  }

  /** Stores a note that is added later, when its number is known. */
  store(note: Note): void {
    this.#store(note, this);
  }

  callerFor(plugin: string): Caller {
    return this.#shown?.get(plugin) ?? {};
  }

  /** State that a plugin set for itself. */
  localState(plugin: string): Entries {
    return this.#state.local.get(plugin) ?? noEntries;
  }

  /** State that plugins set for all. */
  get sharedState(): Entries {
    return this.#state.shared;
  }

  setLocalState(plugin: string, entries: Entries): void {
    this.#state = { ...this.#state, local: new Map(this.#state.local).set(plugin, entries) };
    this.#changed = true;
  }

  setSharedState(shared: Entries): void {
    this.#state = { ...this.#state, shared };
    this.#changed = true;
  }
}

/** Entries that one call changes, and the characters of their names and values. */
interface StateCopy {
  readonly entries: Map<string, string>;
  weight: number;
}

function copyOf(entries: Entries): StateCopy {
  let weight = 0;
  for (const [name, text] of entries) weight += name.length + text.length;
  return { entries: new Map(entries), weight };
}

/** What the capabilities of one plugin may use during one hook call. `close` ends it. */
export class CallScope {
  readonly plugin: string;
  readonly #chain: ChainScope;
  readonly #limits: PluginLimits;
  readonly #loggedLevels: readonly LogLevel[];
  #logLimit: LogLimit | undefined;
  #local: StateCopy | undefined;
  #shared: StateCopy | undefined;
  #hostCalls = 0;
  #notes = 0;
  #noteWeight = 0;
  #refusalKinds = 0;
  /** How often each use was refused since that was last noted. */
  #refusals: Map<string, Omit<Refusal, 'times'> & { readonly capability: string; times: number }> | undefined;

  constructor(chain: ChainScope, { id, limits, loggedLevels }: ScopedPlugin) {
    this.#chain = chain;
    this.plugin = id;
    this.#limits = limits;
    this.#loggedLevels = loggedLevels;
  }

  get job(): number {
    return this.#chain.job;
  }

  get tenant(): string | undefined {
    return this.#chain.tenant;
  }

  /** The number of requests to the gateway's side of capabilities so far. */
  get hostCalls(): number {
    return this.#hostCalls;
  }

  get caller(): Caller {
    return this.#chain.callerFor(this.plugin);
  }

  /**
   * Counts a request to the gateway's side of a capability.
   * @param cpuMs what the hook call has used so far
   * @throws LimitExceeded
   */
  countHostCall(capability: string, cpuMs: number): void {
    const limits = this.#limits;
    this.#hostCalls += 1;
    if (cpuMs > limits.cpuMs) throw new LimitExceeded(overCpu(limits.cpuMs));
    if (this.#hostCalls <= limits.hostCalls) return;
    const why = `more than ${limits.hostCalls} host calls in one hook call`;
    this.refused(capability, why, 'over_limit');
    throw new LimitExceeded(why);
  }

  log(level: LogLevel, message: string): void {
    this.#logLimit ??= new LogLimit(this.#limits);
    const kept = this.#logLimit.take(message);
    if (kept !== undefined && this.#loggedLevels.includes(level))
      this.#chain.log({ plugin: this.plugin, level, message: kept });
  }

  /**
   * Adds a note of a capability for the gateway's side. All notes of a call weigh no more than its payload may.
   * @returns whether it is within the limits and was kept
   */
  note(capability: string, said: unknown): boolean {
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

  /**
   * Adds a note of a refused use. Equal refusals become one note with their number. The first is stored at once, where it
   * may also be sent at once; those that follow wait until the call ends or is interrupted.
   */
  refused(capability: string, what: string, reason: RefusalReason, times = 1): void {
    this.#refusals ??= new Map();
    const short = cut(what, longestRefusal);
    const isKnown = this.#refusals.has(`${capability} ${reason} ${short}`);
    if (!isKnown) this.#refusalKinds += 1;
    const named = isKnown || this.#refusalKinds <= maximumNotes ? short : 'further uses';
    const key = `${capability} ${reason} ${named}`;
    const known = this.#refusals.get(key);
    if (known !== undefined) {
      known.times += times;
      return;
    }
    this.#refusals.set(key, { capability, what: named, reason, times });
    this.#chain.store({ plugin: this.plugin, capability, refused: { what: named, reason } });
  }

  /** Notes the refusals since the last time. */
  noteRefusals(): void {
    if (this.#refusals === undefined) return;
    for (const refusal of this.#refusals.values()) {
      const { capability, times, ...rest } = refusal;
      if (times === 0) continue;
      const refused: Refusal = times === 1 ? rest : { ...rest, times };
      refusal.times = 0;
      this.#chain.note({ plugin: this.plugin, capability, refused }, true);
    }
  }

  /** Reads the state that this plugin set for itself. */
  get(key: string): string | undefined {
    return this.#chain.localState(this.plugin).get(key);
  }

  /** @throws LimitExceeded */
  set(key: string, value: string): void {
    this.#local = this.#withEntry(this.#local, this.#chain.localState(this.plugin), key, value);
    this.#chain.setLocalState(this.plugin, this.#local.entries);
  }

  /** Reads the state that any plugin set for all. */
  getShared(key: string): string | undefined {
    return this.#chain.sharedState.get(key);
  }

  /** @throws LimitExceeded */
  setShared(key: string, value: string): void {
    this.#shared = this.#withEntry(this.#shared, this.#chain.sharedState, key, value);
    this.#chain.setSharedState(this.#shared.entries);
  }

  close(): void {
    const limit = this.#logLimit;
    if (limit !== undefined && limit.dropped > 0) {
      const message = `${limit.dropped} more log lines of this call were dropped`;
      this.#chain.log({ plugin: this.plugin, level: 'warn', message });
      this.refused('log', `more than ${limit} in one hook call`, 'over_limit', limit.dropped);
    }
    this.noteRefusals();
  }

  /** Adds an entry to a copy of these entries, or to the one that this call made before. @throws LimitExceeded */
  #withEntry(copy: StateCopy | undefined, entries: Entries, key: string, value: string): StateCopy {
    const own = copy?.entries === entries ? copy : copyOf(entries);
    const before = own.entries.get(key);
    const weight = own.weight + value.length + (before === undefined ? key.length : -before.length);
    if (weight <= this.#limits.stateBytes) {
      own.entries.set(key, value);
      own.weight = weight;
      return own;
    }
    const why = `more than ${this.#limits.stateBytes} characters of request state`;
    this.refused('context', why, 'over_limit');
    throw new LimitExceeded(why);
  }
}
