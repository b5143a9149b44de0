import { type LaneContext, LimitExceeded, type LogLevel } from '../../capability/capability.ts';
import type { Caller, ChainInput, Note, RequestState } from '../../core/hook-call.ts';
import { overCpu, type PluginLimits } from '../limits.ts';
import type { LogLine } from './message.ts';

/** What a plugin's capabilities may use during one hook call. `close` ends it. */
export interface OpenScope extends Pick<LaneContext, 'log' | 'state' | 'caller'> {
  readonly job: number;
  /** Counts a question to the gateway's side of a capability, of a call that has used `cpuMs` so far. @throws LimitExceeded */
  countAsk(cpuMs: number): void;
  /** How many were counted. */
  readonly asks: number;
  /** Leaves a note. The plugin's name is put on it here. */
  note(note: Omit<Note, 'plugin'>): void;
  close(): void;
}

/** Notes that a plugin may leave in one call; the rest is counted and dropped. */
const maximumNotes = 100;

/** State, log lines and notes of one chain of calls, in the lane. */
export class CallScope {
  readonly logs: LogLine[] = [];
  readonly notes: Note[] = [];
  #local: Map<string, Map<string, string>>;
  #shared: Map<string, string>;
  #changed = false;

  readonly #job: number;
  readonly #shown: ReadonlyMap<string, Caller> | undefined;

  constructor(job: number, { state, shown }: Pick<ChainInput, 'state' | 'shown'> = {}) {
    this.#job = job;
    this.#shown = shown;
    this.#local = new Map([...(state?.local ?? [])].map(([plugin, entries]) => [plugin, new Map(entries)]));
    this.#shared = new Map(state?.shared ?? []);
  }

  /** The state, when a call changed it. */
  get changedState(): RequestState | undefined {
    return this.#changed ? { local: this.#local, shared: this.#shared } : undefined;
  }

  /** What one plugin's capabilities may use during one hook call. Limits count from here. */
  open(plugin: string, limits: PluginLimits): OpenScope {
    let lines = 0;
    let bytes = 0;
    let dropped = 0;
    let asks = 0;
    let notes = 0;
    const put = (entries: Map<string, string>, key: string, value: string) => {
      let total = key.length + value.length;
      for (const [name, text] of entries) if (name !== key) total += name.length + text.length;
      if (total > limits.stateBytes)
        throw new LimitExceeded(`more than ${limits.stateBytes} characters of request state`);
      entries.set(key, value);
      this.#changed = true;
    };
    const own = () => {
      const entries = this.#local.get(plugin) ?? new Map<string, string>();
      this.#local.set(plugin, entries);
      return entries;
    };
    return {
      job: this.#job,
      get asks() {
        return asks;
      },
      countAsk: cpuMs => {
        asks += 1;
        if (cpuMs > limits.cpuMs) throw new LimitExceeded(overCpu(limits.cpuMs));
        if (asks > limits.hostCalls)
          throw new LimitExceeded(`more than ${limits.hostCalls} host calls in one hook call`);
      },
      log: (level: LogLevel, message: string) => {
        const room = limits.logBytes - bytes;
        if (lines >= limits.logLines || room <= 0) {
          dropped += 1;
          return;
        }
        lines += 1;
        bytes += message.length;
        this.logs.push({ plugin, level, message: message.length > room ? `${message.slice(0, room)}…` : message });
      },
      caller: this.#shown?.get(plugin) ?? {},
      note: note => {
        notes += 1;
        if (notes <= maximumNotes) this.notes.push({ ...note, plugin });
      },
      state: {
        get: key => this.#local.get(plugin)?.get(key),
        set: (key, value) => put(own(), key, value),
        getShared: key => this.#shared.get(key),
        setShared: (key, value) => put(this.#shared, key, value),
      },
      close: () => {
        const warn = (message: string) => this.logs.push({ plugin, level: 'warn', message });
        if (dropped > 0) warn(`${dropped} more log lines of this call were dropped`);
        if (notes > maximumNotes) warn(`${notes - maximumNotes} more notes of this call were dropped`);
      },
    };
  }
}
