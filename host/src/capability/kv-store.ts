import { z } from 'zod';
import type { KvError } from '../core/contract/kv-store.js';
import { DeclaredError, defineCapability, type LaneContext, type Serve, type ServeContext } from './capability.ts';
import { KvRefused } from './kv.ts';

const longestKey = 512;
const longestList = 1000;

const grantSchema = z.strictObject({
  max_keys: z.number().int().min(1).max(1_000_000).default(1000),
  max_bytes: z
    .number()
    .int()
    .min(1)
    .max(2 ** 30)
    .default(1_048_576),
  max_value_bytes: z
    .number()
    .int()
    .min(1)
    .max(2 ** 24)
    .default(65_536),
  max_ttl_ms: z.number().int().min(1).optional(),
});

type Grant = z.infer<typeof grantSchema>;

const keySchema = z.string();
const bytesSchema = z.custom<Uint8Array>(value => value instanceof Uint8Array);
const ttlSchema = z.bigint().nonnegative().optional();

/** What a lane may ask: the function's name, and its arguments. */
const requestSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('get'), key: keySchema }),
  z.object({ do: z.literal('set'), key: keySchema, value: bytesSchema, ttl: ttlSchema }),
  z.object({ do: z.literal('delete'), key: keySchema }),
  z.object({
    do: z.literal('list'),
    prefix: z.string(),
    after: z.string().optional(),
    limit: z.number().int().nonnegative(),
  }),
  z.object({
    do: z.literal('compareAndSet'),
    key: keySchema,
    expected: bytesSchema.optional(),
    value: bytesSchema,
    ttl: ttlSchema,
  }),
  z.object({ do: z.literal('increment'), key: keySchema, by: z.bigint(), ttl: ttlSchema }),
]);

type Request = z.input<typeof requestSchema>;
type Answer = { readonly ok: unknown } | { readonly err: KvError };

const wit = 'sallyport:plugin/kv-store';

/** Small values that outlive a request, each plugin's own, and within it each tenant's. */
export const kvStore = defineCapability<Grant>({
  name: 'kv_store',
  wit: [`${wit}@0.1.0`],
  risk: 'Lets the plugin keep what it sees beyond the request, up to its quota for each tenant, on the disk of the gateway.',
  grant: grantSchema,
  example: 'kv_store: { max_keys: 1000, max_bytes: 1048576 }',
  imports: (_grant, lane) => ({
    [wit]: {
      get: (key: string) => ask(lane, { do: 'get', key }),
      set: (key: string, value: Uint8Array, ttl?: bigint) => ask(lane, { do: 'set', key, value, ttl }),
      delete: (key: string) => ask(lane, { do: 'delete', key }),
      list: (prefix: string, after: string | undefined, limit: number) =>
        ask(lane, { do: 'list', prefix, after, limit }),
      compareAndSet: (key: string, expected: Uint8Array | undefined, value: Uint8Array, ttl?: bigint) =>
        ask(lane, { do: 'compareAndSet', key, expected, value, ttl }),
      increment: (key: string, by: bigint, ttl?: bigint) => ask(lane, { do: 'increment', key, by, ttl }),
    },
  }),
  asyncImports: ['get', 'set', 'delete', 'list', 'compare-and-set', 'increment'].map(name => `${wit}#${name}`),
  serve: serveKvStore,
  denied: {
    [wit]: Object.fromEntries(
      ['get', 'set', 'delete', 'list', 'compareAndSet', 'increment'].map(name => [
        name,
        async () => {
          throw new DeclaredError({ tag: 'denied', val: 'kv_store was not granted' } satisfies KvError);
        },
      ]),
    ),
  },
});

async function ask(lane: LaneContext, request: Request): Promise<unknown> {
  const answer = (await lane.ask(request)) as Answer;
  if ('err' in answer) throw new DeclaredError(answer.err);
  return answer.ok;
}

function serveKvStore(grant: Grant, on: ServeContext): Serve {
  const { kv, plugin } = on;
  const quota = { keys: grant.max_keys, bytes: grant.max_bytes };
  const write = (ttl: bigint | undefined) => {
    const longest = grant.max_ttl_ms ?? Number.MAX_SAFE_INTEGER;
    const ttlMs = ttl === undefined ? grant.max_ttl_ms : Math.min(Number(ttl), longest);
    // A century is forever, and sums of it are still exact.
    return { quota, ttlMs: ttlMs === undefined ? undefined : Math.min(ttlMs, 3.2e12) };
  };
  return async (message, call): Promise<Answer> => {
    const request = requestSchema.parse(message);
    const err = invalid(request, grant);
    if (err !== undefined) return { err };
    const space = { plugin, tenant: call.tenant ?? '' };
    try {
      switch (request.do) {
        case 'get':
          return { ok: await kv.get(space, request.key) };
        case 'set':
          return { ok: await kv.set(space, request.key, request.value, write(request.ttl)) };
        case 'delete':
          return { ok: await kv.delete(space, request.key) };
        case 'list': {
          const { prefix, after, limit } = request;
          return { ok: await kv.list(space, prefix, after, Math.min(limit, longestList)) };
        }
        case 'compareAndSet': {
          const { key, expected, value, ttl } = request;
          return { ok: await kv.compareAndSet(space, key, expected, value, write(ttl)) };
        }
        case 'increment':
          return { ok: await kv.increment(space, request.key, request.by, write(request.ttl)) };
      }
    } catch (error) {
      if (!(error instanceof KvRefused)) {
        on.log.error({ plugin, reason: error instanceof Error ? error.message : String(error) }, 'kv_store failed');
        return { err: { tag: 'failed', val: 'the store failed' } };
      }
      if (error.reason === 'not_a_number') return { err: { tag: 'invalid', val: error.message } };
      on.refused(`${request.do}: ${error.message}`, call);
      return { err: { tag: 'quota', val: error.message } };
    }
  };
}

function invalid(request: z.output<typeof requestSchema>, grant: Grant): KvError | undefined {
  if ('key' in request && (request.key === '' || Buffer.byteLength(request.key) > longestKey)) {
    return { tag: 'invalid', val: `a key has 1 to ${longestKey} bytes` };
  }
  if ('value' in request && request.value.length > grant.max_value_bytes) {
    return { tag: 'quota', val: `more than ${grant.max_value_bytes} bytes in one value` };
  }
  return undefined;
}
