import { z } from 'zod';
import { KvRefused } from '../../state/kv.ts';
import { defineCapability, type Serve, type ServeContext } from '../capability.ts';
import { type KvAnswer, type KvNeed, type KvRequest, kvStoreInLane } from './lane.ts';

const longestKey = 512;
const longestList = 1000;
const mostKeys = 1_000_000;
const mostBytes = 2 ** 30;
const mostValueBytes = 2 ** 24;

const grantSchema = z.strictObject({
  max_keys: z.number().int().min(1).max(mostKeys).default(1000).describe('Per tenant.'),
  max_bytes: z
    .number()
    .int()
    .min(1)
    .max(mostBytes)
    .default(1_048_576)
    .describe('Keys and values together, per tenant.'),
  max_value_bytes: z.number().int().min(1).max(mostValueBytes).default(65_536).describe('One value.'),
  max_ttl_ms: z.number().int().min(1).optional().describe('Maximum age of a value; without it, values do not expire.'),
});

type Grant = z.infer<typeof grantSchema>;

const keySchema = z.string();
const bytesSchema = z.custom<Uint8Array>(value => value instanceof Uint8Array);
const ttlSchema = z.bigint().nonnegative().optional();

/** What a lane may ask. */
const requestSchema: z.ZodType<KvRequest> = z.discriminatedUnion('do', [
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

/** Small values that outlive a request, each plugin's own, and within it each tenant's. */
export const kvStore = defineCapability<Grant>({
  ...kvStoreInLane,
  worksInShadow: true,
  gives: 'small values with a time to live, per plugin and tenant; compare-and-set and atomic addition',
  risk: 'Lets the plugin store what it sees beyond the request, up to its quota per tenant, on the disk of the gateway.',
  grant: grantSchema,
  example: 'kv_store: { max_keys: 1000, max_bytes: 1048576 }',
  serve: serveKvStore,
  deniedBy: '`denied`',
  refuses: {
    over_limit: 'a write beyond `max_keys`, `max_bytes` or `max_value_bytes`; the call returns `quota`',
    invalid:
      'a key that is empty or too long, and an addition to a value that is not a number; the call returns `invalid`',
  },
  learning: {
    ...kvStoreInLane.learning,
    records:
      'The number of keys, their length and lifetime, each up to the next power of two; no keys and no values. The call returns `denied`.',
    grant: smallestGrant,
  },
});

const needSchema = z.object({
  keys: z.int().default(0),
  bytes: z.int().default(0),
  value_bytes: z.int().default(0),
  ttl_ms: z.int().optional(),
}) satisfies z.ZodType<KvNeed>;

function smallestGrant(needs: readonly unknown[]): unknown {
  const known = needs.flatMap(need => needSchema.safeParse(need).data ?? []);
  const most = (name: 'keys' | 'bytes' | 'value_bytes', limit: number) =>
    Math.min(Math.max(1, ...known.map(need => need[name])), limit);
  const ttls = known.flatMap(({ ttl_ms }) => ttl_ms ?? []);
  const isKept = ttls.length === 0 || ttls.includes(0);
  return {
    max_keys: most('keys', mostKeys),
    max_bytes: most('bytes', mostBytes),
    max_value_bytes: most('value_bytes', mostValueBytes),
    ...(isKept ? {} : { max_ttl_ms: Math.max(...ttls) }),
  };
}

function serveKvStore(grant: Grant, on: ServeContext): Serve {
  const { plugin } = on;
  const kv = on.kv();
  const quota = { keys: grant.max_keys, bytes: grant.max_bytes };
  const write = (ttl: bigint | undefined) => {
    const longest = grant.max_ttl_ms ?? Number.MAX_SAFE_INTEGER;
    const ttlMs = ttl === undefined ? grant.max_ttl_ms : Math.min(Number(ttl), longest);
    // A century is forever, and sums of it are still exact.
    return { quota, ttlMs: ttlMs === undefined ? undefined : Math.min(ttlMs, 3.2e12) };
  };
  return async (message, call): Promise<KvAnswer> => {
    const request = requestSchema.parse(message);
    const refuse = (tag: 'invalid' | 'quota', why: string): KvAnswer => {
      on.refused(`${request.do}: ${why}`, call, tag === 'quota' ? 'over_limit' : 'invalid');
      return { err: { tag, val: why } };
    };
    if ('key' in request && (request.key === '' || Buffer.byteLength(request.key) > longestKey)) {
      return refuse('invalid', `a key must have 1 to ${longestKey} bytes`);
    }
    if ('value' in request && request.value.length > grant.max_value_bytes) {
      return refuse('quota', `more than ${grant.max_value_bytes} bytes in one value`);
    }
    const space = { plugin, tenant: call.tenant };
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
      return refuse(error.reason === 'not_a_number' ? 'invalid' : 'quota', error.message);
    }
  };
}
