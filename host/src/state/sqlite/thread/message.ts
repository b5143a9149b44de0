import type { KvBounds, KvOperations, KvRefused } from '../../kv.ts';

export interface StoreData {
  readonly path: string;
  readonly bell: SharedArrayBuffer;
}

/** A plugin that a lane may ask for. */
export interface KvLoan {
  readonly plugin: string;
  readonly bounds: KvBounds;
}

/** An operation, with its arguments. */
export type KvCall = {
  readonly [Name in keyof KvOperations]: { readonly do: Name; readonly given: Parameters<KvOperations[Name]> };
}[keyof KvOperations];

/** Messages to the store thread. After each one its bell is rung. */
export type ToStore =
  /** `now`: the time of the gateway. */
  | { readonly type: 'ask'; readonly ask: number; readonly call: KvCall; readonly now: number }
  /** All that a lane was lent by now. */
  | {
      readonly type: 'lend';
      readonly lane: number;
      readonly mailbox: SharedArrayBuffer;
      readonly loans: readonly KvLoan[];
    }
  /** The lane has ended. */
  | { readonly type: 'end'; readonly lane: number }
  | { readonly type: 'close' };

export type FromStore =
  | { readonly type: 'opened' }
  /** The file cannot be used, and the thread ends. */
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'answer'; readonly ask: number; readonly value: unknown }
  | {
      readonly type: 'error';
      readonly ask: number;
      readonly message: string;
      readonly refused?: KvRefused['reason'] | undefined;
    };
