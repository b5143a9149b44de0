import type { KvError } from '../../contract/generated/kv-store.js';
import { askGatewayNow, okOf } from '../lane/ask-gateway.ts';
import { DeclaredError, type HostImports, type LaneContext, type LaneSide } from '../lane/lane-side.ts';
import { powerOfTwo } from '../lane/power-of-two.ts';
import { answerKv, type KvUse } from './lane/answer-kv.ts';
import type { KvGrant, KvRequest } from './lane/kv-request.ts';
import { type KvLent, lentKv } from './lane/lent-kv.ts';

/** What a plugin that is learning would have needed. */
export interface KvNeed {
  readonly keys?: number | undefined;
  readonly bytes?: number | undefined;
  readonly value_bytes?: number | undefined;
  /** 0: forever. */
  readonly ttl_ms?: number | undefined;
}

const wit = 'sallyport:plugin/kv-store';

/** What guests get of `kv_store`. */
export const kvStoreInLane = {
  name: 'kv_store',
  wit: [`${wit}@0.1.0`],
  imports: (grant, lane) =>
    functions(lane.lent === undefined ? request => askGatewayNow(lane, request) : usingLent(grant, lane)),
  blockingImports: ['get', 'set', 'delete', 'list', 'compare-and-set', 'increment'].map(name => `${wit}#${name}`),
  denied: functions(refuseUse),
  learning: {
    imports: (tell, memory) =>
      functions(request => {
        tell(kvNeed(request, memory));
        return refuseUse();
      }),
  },
} satisfies LaneSide<KvGrant>;

/** Answers in this thread, from values in memory that threads share, or by asking the thread that has them on disk. */
function usingLent(grant: KvGrant, lane: LaneContext): (request: KvRequest) => unknown {
  const kv = lentKv(lane.lent as KvLent, lane.thread);
  const use: KvUse = {
    grant,
    get space() {
      return { plugin: lane.plugin, tenant: lane.tenant };
    },
    refused: lane.refused,
    failed: reason => lane.log('error', `kv_store failed: ${reason}`),
  };
  return request => {
    lane.countHostCall();
    return okOf(answerKv(kv, request, use));
  };
}

/** The functions of the interface, over one that takes a request. */
function functions(run: (request: KvRequest) => unknown): HostImports {
  return {
    [wit]: {
      get: (key: string) => run({ do: 'get', key }),
      set: (key: string, value: Uint8Array, ttl?: bigint) => run({ do: 'set', key, value, ttl }),
      delete: (key: string) => run({ do: 'delete', key }),
      list: (prefix: string, after: string | undefined, limit: number) => run({ do: 'list', prefix, after, limit }),
      compareAndSet: (key: string, expected: Uint8Array | undefined, value: Uint8Array, ttl?: bigint) =>
        run({ do: 'compareAndSet', key, expected, value, ttl }),
      increment: (key: string, by: bigint, ttl?: bigint) => run({ do: 'increment', key, by, ttl }),
    },
  };
}

function refuseUse(): never {
  throw new DeclaredError({ tag: 'denied', val: 'kv_store was not granted' } satisfies KvError);
}

const mostRemembered = 10_000;
const longestNumber = 20;

/** What a store would have had to take by now. Keys are remembered, in the lane alone, to be told apart. */
function kvNeed(request: KvRequest, memory: Map<string, unknown>): KvNeed {
  if (request.do === 'get' || request.do === 'list' || request.do === 'delete') return {};
  const value = request.do === 'increment' ? longestNumber : request.value.length;
  const weight = Buffer.byteLength(request.key) + value;
  if (memory.size < mostRemembered || memory.has(request.key)) {
    memory.set(request.key, Math.max(weight, Number(memory.get(request.key) ?? 0)));
  }
  const bytes = [...memory.values()].reduce<number>((sum, each) => sum + Number(each), 0);
  return {
    keys: powerOfTwo(memory.size),
    bytes: powerOfTwo(bytes),
    value_bytes: powerOfTwo(value),
    ttl_ms: request.ttl === undefined ? 0 : powerOfTwo(Number(request.ttl)),
  };
}
