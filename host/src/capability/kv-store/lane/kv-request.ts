import type { KvError } from '../../../contract/generated/kv-store.js';

/** One use of the store: the function's name, and its arguments. */
export type KvRequest =
  | { readonly do: 'get'; readonly key: string }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'set'; readonly key: string; readonly value: Uint8Array; readonly ttl?: bigint | undefined }
  | { readonly do: 'list'; readonly prefix: string; readonly after?: string | undefined; readonly limit: number }
  | {
      readonly do: 'compareAndSet';
      readonly key: string;
      readonly expected?: Uint8Array | undefined;
      readonly value: Uint8Array;
      readonly ttl?: bigint | undefined;
    }
  | { readonly do: 'increment'; readonly key: string; readonly by: bigint; readonly ttl?: bigint | undefined };

export type KvAnswer = { readonly ok: unknown } | { readonly err: KvError };

/** The argument of a grant. */
export interface KvGrant {
  readonly max_keys: number;
  readonly max_bytes: number;
  readonly max_value_bytes: number;
  readonly max_ttl_ms?: number | undefined;
}
