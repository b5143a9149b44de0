import type { MessagePort } from 'node:worker_threads';
import type { LogLevel } from '../../../capability/lane/lane-side.ts';
import type { ChainInput, ChainOutput, FailureCause, HookCall, Note } from '../../../contract/hook-call.ts';
import type { PluginLimits } from '../../limits.ts';
import type { Component } from '../compile/component.ts';

/** A plugin as a lane gets it. */
export interface LanePlugin {
  readonly id: string;
  readonly component: Component;
  /** The operator's `config`, as JSON text. */
  readonly config: string;
  /** The same for each tenant that has instances of its own, which serve no other tenant. */
  readonly tenantConfigs: ReadonlyMap<string, string>;
  readonly granted: ReadonlyMap<string, unknown>;
  readonly denied: ReadonlySet<string>;
  /** What its capabilities use directly, by their names. */
  readonly lent: ReadonlyMap<string, unknown>;
  readonly limits: PluginLimits;
  /** The levels of the log lines that the gateway writes. Others count in the limits, and go no further than the lane. */
  readonly loggedLevels: readonly LogLevel[];
  readonly isolation: Isolation;
  readonly learning: boolean;
  /** The denied capabilities that were granted, but cannot be used in shadow. */
  readonly refusedInShadow: ReadonlySet<string>;
}

/**
 * Who shares an instance of a plugin: all callers, those of one tenant, or no two calls; or all callers, in a process
 * of its own, or on the gateway's thread.
 */
export type Isolation = 'pooled' | 'tenant' | 'fresh' | 'process' | 'inline';

/** A plugin as pools of lanes get it. Each lane is lent its own. */
export type PooledPlugin = Omit<LanePlugin, 'lent'>;

export interface LaneData {
  readonly plugins: readonly LanePlugin[];
  /** The number of the lane. No two lanes ever have the same. */
  readonly number: number;
  /** Where the lane gets answers that hold up its thread. Absent in a process. */
  readonly answers?: AnswersEnd;
  readonly progress: SharedArrayBuffer;
  /** Absent where no memory can be shared. */
  readonly records?: SharedArrayBuffer;
}

/** The lane's end of a channel for answers. */
export interface AnswersEnd {
  readonly port: MessagePort;
  /** One word: the number of the request that was answered last. */
  readonly answered: SharedArrayBuffer;
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

/** What hook calls leave beside their results: log lines, and notes of their capabilities. */
export interface CallRecords {
  readonly logs: readonly LogLine[];
  readonly notes: readonly Note[];
}

/** The memory of a plugin's instances in one lane, in bytes: now, and the maximum since the last report. */
export interface MemoryUse {
  readonly plugin: string;
  readonly bytes: number;
  readonly most: number;
}

export interface JobResult {
  readonly id: number;
  readonly output: ChainOutput;
  /** Absent if there are none, or all of them were sent before. */
  readonly records?: CallRecords;
}

export interface StartFailure {
  readonly plugin: string;
  /** `refused`: configure answered `err`. */
  readonly cause: FailureCause | 'refused';
  readonly message: string;
}

/**
 * Jobs or results in one message. To clone a message member by member costs more than a guest's work on a small value,
 * so small plain values travel as one text. Values that JSON cannot represent (bytes) and long ones (text is
 * copied faster than it is written as JSON) travel as they are.
 */
interface Packed<T> {
  readonly text: string;
  readonly whole: readonly T[];
}

/** Jobs, and the lists of calls that the lane has not seen yet. */
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
  /** The records of a job so far. */
  | { readonly type: 'records'; readonly job: number; readonly records: CallRecords }
  /** `cpuMs`: what the dropped job had used. */
  | { readonly type: 'dropped'; readonly job: number; readonly cpuMs: number; readonly records?: CallRecords }
  /** Sent before the result of the call that changed it. */
  | { readonly type: 'memory'; readonly uses: readonly MemoryUse[] }
  /** A plugin that is learning was refused something; `need` is JSON. */
  | { readonly type: 'refused'; readonly plugin: string; readonly capability: string; readonly need: string }
  | {
      readonly type: 'ask';
      readonly ask: number;
      readonly job: number;
      readonly plugin: string;
      readonly capability: string;
      readonly request: unknown;
      /** Whether the lane's thread waits for the answer. */
      readonly now: boolean;
    };

export type Ask = Extract<FromLane, { type: 'ask' }>;
