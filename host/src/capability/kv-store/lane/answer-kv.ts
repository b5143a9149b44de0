import {
  type KvBounds,
  type KvOperations,
  KvRefused,
  type KvSpace,
  type KvStore,
  type KvWrite,
} from '../../../state/kv.ts';
import type { KvAnswer, KvGrant, KvRequest } from './kv-request.ts';

const longestKey = 512;
const longestList = 1000;
/** A century is forever, and sums of it are still exact. */
const longestTtlMs = 3.2e12;

/** Returns what a store holds a plugin with this grant to. */
export const boundsOf = ({ max_keys, max_bytes, max_value_bytes, max_ttl_ms }: KvGrant): KvBounds => ({
  keyBytes: longestKey,
  valueBytes: max_value_bytes,
  quota: { keys: max_keys, bytes: max_bytes },
  ttlMs: max_ttl_ms,
});

/** For whom a request is answered, and what is reported of it. */
export interface KvUse {
  readonly grant: KvGrant;
  readonly space: KvSpace;
  /** Reports a refused use, for counting and audit. */
  refused(what: string, reason: 'over_limit' | 'invalid'): void;
  /** Reports that the store did not work. */
  failed(reason: string): void;
}

/** Answers a request within a grant from a store that answers at once. */
export function answerKv(kv: KvOperations, request: KvRequest, use: KvUse): KvAnswer {
  try {
    requireGranted(request, use.grant);
    return { ok: run(kv, request, use) };
  } catch (error) {
    return answerTo(error, request, use);
  }
}

/** The same, from a store that answers later. */
export async function answerKvLater(kv: KvStore, request: KvRequest, use: KvUse): Promise<KvAnswer> {
  try {
    requireGranted(request, use.grant);
    return { ok: await run(kv, request, use) };
  } catch (error) {
    return answerTo(error, request, use);
  }
}

/** A key that is empty or too long. */
class InvalidKey extends Error {}

/** @throws InvalidKey, KvRefused */
function requireGranted(request: KvRequest, grant: KvGrant): void {
  if ('key' in request && (request.key === '' || Buffer.byteLength(request.key) > longestKey))
    throw new InvalidKey(`a key must have 1 to ${longestKey} bytes`);
  if ('value' in request && request.value.length > grant.max_value_bytes)
    throw new KvRefused('quota', `more than ${grant.max_value_bytes} bytes in one value`);
}

function run(kv: KvOperations | KvStore, request: KvRequest, { space, grant }: KvUse): unknown {
  switch (request.do) {
    case 'get':
      return kv.get(space, request.key);
    case 'set':
      return kv.set(space, request.key, request.value, write(request.ttl, grant));
    case 'delete':
      return kv.delete(space, request.key);
    case 'list':
      return kv.list(space, request.prefix, request.after, Math.min(request.limit, longestList));
    case 'compareAndSet': {
      const { key, expected, value, ttl } = request;
      return kv.compareAndSet(space, key, expected, value, write(ttl, grant));
    }
    case 'increment':
      return kv.increment(space, request.key, request.by, write(request.ttl, grant));
  }
}

function write(ttl: bigint | undefined, { max_keys, max_bytes, max_ttl_ms }: KvGrant): KvWrite {
  const ttlMs = ttl === undefined ? max_ttl_ms : Math.min(Number(ttl), max_ttl_ms ?? longestTtlMs);
  return {
    quota: { keys: max_keys, bytes: max_bytes },
    ttlMs: ttlMs === undefined ? undefined : Math.min(ttlMs, longestTtlMs),
  };
}

function answerTo(error: unknown, request: KvRequest, use: KvUse): KvAnswer {
  const isInvalid = error instanceof InvalidKey || (error instanceof KvRefused && error.reason === 'not_a_number');
  if (!isInvalid && !(error instanceof KvRefused)) {
    use.failed(error instanceof Error ? error.message : String(error));
    return { err: { tag: 'failed', val: 'the store failed' } };
  }
  use.refused(`${request.do}: ${error.message}`, isInvalid ? 'invalid' : 'over_limit');
  return { err: { tag: isInvalid ? 'invalid' : 'quota', val: error.message } };
}
