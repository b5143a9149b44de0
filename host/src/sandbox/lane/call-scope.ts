import { type LaneContext, LimitExceeded, type LogLevel } from '../../capability/capability.ts';
import { cut } from '../../core/cut.ts';
import type { Caller, ChainInput, Note, Refusal, RefusalReason, RequestState } from '../../core/hook-call.ts';
import { overCpu, type PluginLimits } from '../limits.ts';
import type { LogLine, Said } from './message.ts';

/** What a plugin's capabilities may use during one hook call. `close` ends it. */
export interface OpenScope extends Pick<LaneContext, 'log' | 'state' | 'caller'> {
  readonly job: number;
  /** Counts a question to the gateway's side of a capability, of a call that has used `cpuMs` so far. @throws LimitExceeded */
  countAsk(capability: string, cpuMs: number): void;
  /** How many were counted. */
  readonly asks: number;
  /** Leaves a note of what a capability has to say. */
  tell(capability: string, said: unknown): void;
  /** Leaves a note of a refused use. The same one is one note, however often it comes. */
  refused(capability: string, what: string, reason: RefusalReason): void;
  close(): void;
}

/** Notes that a plugin may leave in one call. Of what is beyond, only how much there was is noted. */
const maximumNotes = 100;
const longestRefusal = 1000;

/** State, log lines and notes of one chain of calls, in the lane. */
export class CallScope {
  #logs: LogLine[] = [];
  #notes: Note[] = [];
  /** Takes down the refusals of the call that is open. */
  #noteRefusals = () => {};
  #local: Map<string, Map<string, string>>;
  #shared: Map<string, string>;
  #changed = false;

  readonly #job: number;
  readonly #shown: ReadonlyMap<string, Caller> | undefined;
  readonly #record: (said: LogLine | Note) => void;

  /** @param record is given what is said at once; of refusals that are the same, the first */
  constructor(
    job: number,
    record: (said: LogLine | Note) => void,
    { state, shown }: Pick<ChainInput, 'state' | 'shown'> = {},
  ) {
    this.#job = job;
    this.#record = record;
    this.#shown = shown;
    this.#local = new Map([...(state?.local ?? [])].map(([plugin, entries]) => [plugin, new Map(entries)]));
    this.#shared = new Map(state?.shared ?? []);
  }

  /** The state, when a call changed it. */
  get changedState(): RequestState | undefined {
    return this.#changed ? { local: this.#local, shared: this.#shared } : undefined;
  }

  /** What was said since this was asked for the last time; undefined when that is nothing. */
  take(): Said | undefined {
    this.#noteRefusals();
    if (this.#logs.length === 0 && this.#notes.length === 0) return undefined;
    const said = { logs: this.#logs, notes: this.#notes };
    this.#logs = [];
    this.#notes = [];
    return said;
  }

  /** What one plugin's capabilities may use during one hook call. Limits count from here. */
  open(plugin: string, limits: PluginLimits): OpenScope {
    let lines = 0;
    let bytes = 0;
    let dropped = 0;
    let asks = 0;
    let notes = 0;
    let kinds = 0;
    const refusals = new Map<string, Required<Refusal> & { readonly capability: string }>();
    const refused = (capability: string, what: string, reason: RefusalReason, times = 1) => {
      const short = cut(what, longestRefusal);
      const isKnown = refusals.has(`${capability} ${reason} ${short}`);
      if (!isKnown) kinds += 1;
      const named = isKnown || kinds <= maximumNotes ? short : 'further uses';
      const key = `${capability} ${reason} ${named}`;
      const isNew = !refusals.has(key);
      refusals.set(key, { capability, what: named, reason, times: (refusals.get(key)?.times ?? 0) + times });
      if (isNew) this.#record({ plugin, capability, refused: { what: named, reason } });
    };
    this.#noteRefusals = () => {
      for (const { capability, times, ...rest } of refusals.values()) {
        this.#notes.push({ plugin, capability, refused: times === 1 ? rest : ({ ...rest, times } as Refusal) });
      }
      refusals.clear();
    };
    const say = (line: LogLine) => {
      this.#logs.push(line);
      this.#record(line);
    };
    const put = (entries: Map<string, string>, key: string, value: string) => {
      let total = key.length + value.length;
      for (const [name, text] of entries) if (name !== key) total += name.length + text.length;
      if (total > limits.stateBytes) {
        const why = `more than ${limits.stateBytes} characters of request state`;
        refused('context', why, 'over_limit');
        throw new LimitExceeded(why);
      }
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
      countAsk: (capability, cpuMs) => {
        asks += 1;
        if (cpuMs > limits.cpuMs) throw new LimitExceeded(overCpu(limits.cpuMs));
        if (asks <= limits.hostCalls) return;
        const why = `more than ${limits.hostCalls} host calls in one hook call`;
        refused(capability, why, 'over_limit');
        throw new LimitExceeded(why);
      },
      log: (level: LogLevel, message: string) => {
        const room = limits.logBytes - bytes;
        if (lines >= limits.logLines || room <= 0) {
          dropped += 1;
          return;
        }
        lines += 1;
        bytes += message.length;
        say({ plugin, level, message: cut(message, room) });
      },
      caller: this.#shown?.get(plugin) ?? {},
      tell: (capability, said) => {
        notes += 1;
        if (notes <= maximumNotes) {
          this.#notes.push({ plugin, capability, said });
          this.#record({ plugin, capability, said });
        } else refused(capability, `more than ${maximumNotes} notes in one hook call`, 'over_limit');
      },
      refused,
      state: {
        get: key => this.#local.get(plugin)?.get(key),
        set: (key, value) => put(own(), key, value),
        getShared: key => this.#shared.get(key),
        setShared: (key, value) => put(this.#shared, key, value),
      },
      close: () => {
        if (dropped > 0) {
          say({ plugin, level: 'warn', message: `${dropped} more log lines of this call were dropped` });
          const why = `more than ${limits.logLines} lines or ${limits.logBytes} bytes in one hook call`;
          refused('log', why, 'over_limit', dropped);
        }
        this.#noteRefusals();
        this.#noteRefusals = () => {};
      },
    };
  }
}
