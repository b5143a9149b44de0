import { z } from 'zod';
import { defineCapability, type Lent, type Serve, type ServeContext } from '../capability.ts';
import { answerKvLater, boundsOf } from './lane/answer-kv.ts';
import type { KvRequest } from './lane/kv-request.ts';
import { type KvNeed, kvStoreInLane } from './lane.ts';

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
  lends: lendStore,
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
  const { plugin, log } = on;
  const kv = on.kv();
  return (message, call) =>
    answerKvLater(kv, requestSchema.parse(message), {
      grant,
      space: { plugin, tenant: call.tenant },
      refused: (what, reason) => on.refused(what, call, reason),
      failed: reason => log.error({ plugin, reason }, 'kv_store failed'),
    });
}

/** Lends the memory of the plugin's values, or a mailbox of the thread that has them on disk. */
function lendStore(grant: Grant, on: ServeContext): Lent | undefined {
  const { plugin } = on;
  const { lending } = on.kv();
  if (lending === undefined) return undefined;
  const bounds = boundsOf(grant);
  return {
    lend: thread => lending.lend(thread, plugin, bounds),
    settle: thread => lending.settle(plugin, thread),
    end: thread => lending.end(thread),
  };
}
