import type { Caller, ChainInput, Note, RequestState } from '../../../contract/hook-call.ts';
import type { PluginLimits } from '../../limits.ts';
import type { LogLine, Said } from './message.ts';
import { type ChainScope, OpenScope } from './open-scope.ts';

type Entries = ReadonlyMap<string, string>;
const none: Entries = new Map();

/** State, log lines and notes of one chain of calls, in the lane. */
export class CallScope implements ChainScope {
  readonly job: number;
  readonly #record: (said: LogLine | Note) => void;
  readonly #shown: ReadonlyMap<string, Caller> | undefined;
  /** What a call has is put in place of what it had: what came with the job stays as it was. */
  #local: ReadonlyMap<string, Entries>;
  #shared: Entries;
  #changed = false;
  #logs: LogLine[] = [];
  #notes: Note[] = [];
  #open: OpenScope | undefined;

  /** @param record is given what is said at once; of refusals that are the same, the first */
  constructor(
    job: number,
    record: (said: LogLine | Note) => void,
    { state, shown }: Pick<ChainInput, 'state' | 'shown'> = {},
  ) {
    this.job = job;
    this.#record = record;
    this.#shown = shown;
    this.#local = state?.local ?? new Map();
    this.#shared = state?.shared ?? none;
  }

  /** The state, when a call changed it. */
  get changedState(): RequestState | undefined {
    return this.#changed ? { local: this.#local, shared: this.#shared } : undefined;
  }

  /** What one plugin's capabilities may use during one hook call. Limits count from here. One is open at a time. */
  open(plugin: string, limits: PluginLimits): OpenScope {
    this.#open = new OpenScope(this, plugin, limits);
    return this.#open;
  }

  /** What was said since this was asked for the last time; undefined when that is nothing. */
  take(): Said | undefined {
    this.#open?.noteRefusals();
    if (this.#logs.length === 0 && this.#notes.length === 0) return undefined;
    const said = { logs: this.#logs, notes: this.#notes };
    this.#logs = [];
    this.#notes = [];
    return said;
  }

  log(line: LogLine): void {
    this.#logs.push(line);
    this.#record(line);
  }

  note(note: Note, isRecorded = false): void {
    this.#notes.push(note);
    if (!isRecorded) this.#record(note);
  }

  record(note: Note): void {
    this.#record(note);
  }

  callerFor(plugin: string): Caller {
    return this.#shown?.get(plugin) ?? {};
  }

  own(plugin: string): Entries {
    return this.#local.get(plugin) ?? none;
  }

  get shared(): Entries {
    return this.#shared;
  }

  putOwn(plugin: string, entries: Entries): void {
    this.#local = new Map(this.#local).set(plugin, entries);
    this.#changed = true;
  }

  putShared(entries: Entries): void {
    this.#shared = entries;
    this.#changed = true;
  }
}
