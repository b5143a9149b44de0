import { gatewayThread, type KvLending, type KvOperations, type KvSpace, type KvStore, later } from '../kv.ts';
import { openSharedKv, type SharedKv } from './shared/shared-kv.ts';

/** The address space that is reserved for each plugin. Memory is used as values need it. */
const usualBytes = 2 ** 32;
const firstBytes = 2 ** 16;

interface MemoryKv extends KvStore {
  readonly lending: KvLending & { lend(thread: number, plugin: string): SharedArrayBuffer };
}

interface PluginValues {
  readonly memory: SharedArrayBuffer;
  readonly kv: SharedKv;
}

/**
 * A store that lasts as long as the process: for tests, and where nothing is to outlive a restart.
 * @param mostBytes the values of one plugin need at most this many bytes
 */
export function createMemoryKv(now?: () => number, mostBytes: number = usualBytes): MemoryKv {
  const plugins = new Map<string, PluginValues>();
  const valuesOf = (plugin: string): PluginValues => {
    const known = plugins.get(plugin);
    if (known !== undefined) return known;
    const memory = new SharedArrayBuffer(firstBytes, { maxByteLength: mostBytes });
    const hashKey = crypto.getRandomValues(new Int32Array(2));
    const values = { memory, kv: openSharedKv(memory, { owner: gatewayThread, hashKey, now }) };
    plugins.set(plugin, values);
    return values;
  };
  const of = ({ plugin }: KvSpace) => valuesOf(plugin).kv;
  const operations: KvOperations = {
    get: (space, key) => of(space).get(space, key),
    set: (space, ...given) => of(space).set(space, ...given),
    delete: (space, key) => of(space).delete(space, key),
    list: (space, ...given) => of(space).list(space, ...given),
    compareAndSet: (space, ...given) => of(space).compareAndSet(space, ...given),
    increment: (space, ...given) => of(space).increment(space, ...given),
  };
  return {
    ...later(operations, async work => work()),
    lending: {
      lend: (_, plugin) => valuesOf(plugin).memory,
      settle: (plugin, thread) => plugins.get(plugin)?.kv.settle(thread),
      end(thread) {
        for (const { kv } of plugins.values()) kv.settle(thread);
      },
    },
    async [Symbol.asyncDispose]() {
      plugins.clear();
    },
  };
}
