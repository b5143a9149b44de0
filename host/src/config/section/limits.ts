import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { bytes, count, fuelUnits, idle, MiB, memoryMib, milliseconds } from './fields.ts';
import { plainSection } from './section.ts';

/**
 * The largest value of a hook call. Arguments and outcomes are in the heap of a lane, several at a time and with two
 * bytes per character. That heap is bounded, and exceeding it ends the whole process.
 */
const payload = z
  .int()
  .min(1024)
  .max(8 * MiB, 'at most 8388608 (8 MiB), because the heap of a lane cannot hold more');

const pluginLimits = z
  .strictObject({
    memory_mib: memoryMib.default(64),
    timeout_ms: milliseconds.default(1000).describe('Wall time of one hook call, waiting included.'),
    cpu_ms: milliseconds.default(1000).describe('CPU time of one hook call, waiting excluded.'),
    fuel: fuelUnits
      .optional()
      .describe('Units of work of one hook call, and of starting an instance. Default: not limited.'),
    start_ms: milliseconds.default(5000).describe('Starting an instance, configure included.'),
    log_lines: count.default(100).describe('Log lines of one hook call; further lines are dropped and counted.'),
    log_bytes: z.int().min(256).max(MiB).default(32_768).describe('Total size of the log lines of one hook call.'),
    payload_bytes: payload
      .default(8 * MiB)
      .describe('Text and blobs that are passed to one hook call, and those that it returns.'),
    host_calls: count.default(100).describe('Calls of one hook call to capabilities that the gateway answers.'),
    state_bytes: z.int().min(0).max(MiB).default(65_536).describe('State that a plugin may keep during one request.'),
  })
  .prefault({})
  .describe('Limits of each plugin that has no limits of its own.');

const limits = z
  .strictObject({
    body_bytes: bytes.default(4 * MiB).describe('The body of one request from a client.'),
    answer_bytes: bytes.default(32 * MiB).describe('One answer from an upstream.'),
    request_timeout_ms: milliseconds
      .default(60_000)
      .describe('One request to an upstream, while it shows no progress.'),
    max_request_timeout_ms: milliseconds
      .optional()
      .describe(
        'One request to an upstream, however much progress it shows. Default: 600000, or request_timeout_ms if that is more.',
      ),
    list_ms: milliseconds.default(5000).describe('How long a list of several upstreams waits for each of them.'),
    upstream_start_ms: milliseconds.default(60_000).describe('Starting an upstream, handshake included.'),
    concurrent_requests: count.default(1024),
    sessions: count.default(10_000).describe('Sessions of clients.'),
    session_idle_ms: idle(3_600_000).describe('A session ends after this time without a request and without a stream.'),
    streams: count.default(5_000).describe('Streams of notifications, which clients keep open.'),
    address_share: z
      .number()
      .min(0.01)
      .max(1)
      .default(0.5)
      .describe('Share of the free sessions and streams that one remote address may take.'),
    waiting_bytes: bytes
      .default(256 * MiB)
      .describe('Answers that clients have not read yet, of all requests together.'),
    lanes: z
      .int()
      .min(1)
      .max(256)
      .optional()
      .describe('Worker threads that run plugins. Default: the number of cores.')
      .transform(lanes => lanes ?? availableParallelism()),
    backlog: count.default(4096).describe('Hook calls that may wait for a lane; further ones are refused with 503.'),
    drain_ms: milliseconds.default(10_000).describe('How long running requests may take to finish after SIGTERM.'),
    plugin: pluginLimits,
  })
  .superRefine(({ request_timeout_ms: usual, max_request_timeout_ms: most }, context) => {
    if (most === undefined || most >= usual) return;
    const message = `less than request_timeout_ms, ${usual}`;
    context.addIssue({ code: 'custom', path: ['max_request_timeout_ms'], message });
  });

/** `limits`: sizes, times and numbers of the whole gateway, and the defaults of plugins. */
export const limitsSection = plainSection({ shape: { limits: limits.prefault({}) } });
