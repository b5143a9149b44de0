import type { LogLevel } from '../../../capability/lane/lane-side.ts';
import type { ChainInput, ChainOutput, FailureCause, HookCall, Note } from '../../../contract/hook-call.ts';
import type { PluginLimits } from '../../limits.ts';
import type { Component } from '../compile/component.ts';

/** What a lane must know to hold instances of one plugin. */
export interface LanePlugin {
  readonly id: string;
  readonly component: Component;
  /** The operator's `config`, as JSON text. */
  readonly config: string;
  readonly granted: ReadonlyMap<string, unknown>;
  readonly denied: ReadonlySet<string>;
  readonly limits: PluginLimits;
  readonly isolation: Isolation;
  readonly learning: boolean;
}

/**
 * Who may share an instance of a plugin: all callers, those of one tenant, or nobody; or all callers, in a process
 * that holds this plugin alone.
 */
export type Isolation = 'pooled' | 'tenant' | 'fresh' | 'process';

export interface LaneData {
  readonly plugins: readonly LanePlugin[];
  readonly progress: SharedArrayBuffer;
  /** Absent where no memory can be shared. */
  readonly recorder?: SharedArrayBuffer;
}

export interface Job {
  readonly id: number;
  readonly input: ChainInput;
}

export interface LogLine {
  readonly plugin: string;
  readonly level: LogLevel;
  readonly message: string;
}

/** What calls have to say beside their answers: log lines, and what their capabilities have to tell. */
export interface Said {
  readonly logs: readonly LogLine[];
  readonly notes: readonly Note[];
}

/** The memories of a plugin's instances in one lane, in bytes: now, and at most since that was told before. */
export interface MemoryUse {
  readonly plugin: string;
  readonly bytes: number;
  readonly most: number;
}

export interface JobResult {
  readonly id: number;
  readonly output: ChainOutput;
  /** Absent when nothing was said, or all of it was sent before. */
  readonly said?: Said;
}

export interface StartFailure {
  readonly plugin: string;
  /** `refused`: configure answered `err`. */
  readonly cause: FailureCause | 'refused';
  readonly message: string;
}

/**
 * How jobs go to a lane and results come back. A message is cloned member by member, which for a small chain costs more
 * than a guest's work: so what is plain and small travels as one text. What JSON has no word for (bytes, state) and
 * what is long (text is copied faster than it is written) travels as it is.
 */
interface Packed<T> {
  readonly text: string;
  readonly whole: readonly T[];
}

/** Jobs, and the lists of calls that they are the first to name. */
export interface PackedJobs extends Packed<Job> {
  readonly lists: readonly (readonly HookCall[])[];
}

export type PackedResults = Packed<JobResult>;

export type ToLane =
  | { readonly type: 'run'; readonly jobs: PackedJobs }
  | { readonly type: 'answer'; readonly ask: number; readonly value?: unknown; readonly error?: string }
  | { readonly type: 'drop'; readonly job: number };

export type FromLane =
  | { readonly type: 'started'; readonly failures: readonly StartFailure[] }
  | { readonly type: 'done'; readonly results: PackedResults }
  /** What a job said so far. */
  | { readonly type: 'said'; readonly job: number; readonly said: Said }
  /** `cpuMs`: what the dropped job had used. */
  | { readonly type: 'dropped'; readonly job: number; readonly cpuMs: number; readonly said?: Said }
  /** Sent before the message about what changed it. */
  | { readonly type: 'memory'; readonly uses: readonly MemoryUse[] }
  /** Of a plugin that is learning; `need` is JSON. */
  | { readonly type: 'refused'; readonly plugin: string; readonly capability: string; readonly need: string }
  | {
      readonly type: 'ask';
      readonly ask: number;
      readonly job: number;
      readonly plugin: string;
      readonly capability: string;
      readonly request: unknown;
    };
