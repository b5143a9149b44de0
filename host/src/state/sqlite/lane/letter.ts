import type { KvRefused } from '../../kv.ts';
import type { Letter } from './mailbox.ts';

/** What a lane asks the store thread. */
export interface KvQuestion {
  /** For which of the plugins of the lane: the number of its loan. */
  readonly loan: number;
  readonly tenant?: string | undefined;
  readonly do: 'get' | 'set' | 'delete' | 'list' | 'compareAndSet' | 'increment';
  readonly key?: string;
  readonly prefix?: string;
  readonly after?: string | undefined;
  readonly limit?: number;
  /** A whole number in decimal. */
  readonly by?: string;
  readonly ttlMs?: number | undefined;
}

export interface KvReply {
  /** The answer of `delete` and `compareAndSet`. */
  readonly is?: boolean;
  readonly keys?: readonly string[];
  /** A whole number in decimal. */
  readonly sum?: string;
  readonly refused?: { readonly reason: KvRefused['reason']; readonly message: string };
  readonly failed?: string;
}

/** Writes a question or a reply. JSON keeps lone surrogates, so that names stay different. */
export const letterOf = (content: KvQuestion | KvReply, ...bytes: (Uint8Array | undefined)[]): Letter => ({
  text: JSON.stringify(content),
  bytes,
});
