import { z } from 'zod';
import { pluginIdSchema } from '../../contract/plugin-descriptor.ts';
import { count, milliseconds, oneOf } from './fields.ts';
import { upstreamHeaders, upstreamUrl } from './upstream-url.ts';

const instance = z.strictObject({
  id: pluginIdSchema.optional().describe('Its name in the log and in metrics. Default: the host and port of the URL.'),
  url: upstreamUrl,
  weight: z.int().min(0).max(1_000).default(1).describe('Its share of the work; 0 if it gets no new work.'),
  max_connections: count.optional().describe("Concurrent client connections with it. Default: the upstream's."),
});

const health = z
  .strictObject({
    interval_ms: milliseconds.default(5_000).describe('The time between two checks of an instance.'),
    timeout_ms: milliseconds.default(3_000).describe('The time that a check may take.'),
    failures: z.int().min(1).max(100).default(3).describe('Failures in a row after which it gets no more work.'),
    successes: z.int().min(1).max(64).default(2).describe('Checks in a row that it must pass to get work again.'),
  })
  .optional()
  .describe('How instances are checked.');

/** `http` of an upstream: one server, or several that do the same. */
export const httpServer = z
  .strictObject({
    url: upstreamUrl.optional(),
    instances: z
      .array(instance)
      .min(1)
      .max(64)
      .optional()
      .describe('Several servers that do the same, instead of `url`. A session stays with one of them.'),
    health,
    session_lost: z
      .enum(['end', 'reconnect'])
      .optional()
      .describe(
        'Whether the session of a client ends with its instance, or continues at another one without its state.',
      ),
    headers: upstreamHeaders,
  })
  .superRefine(oneOf(['url', 'instances']))
  .superRefine((http, context) => {
    for (const { path, message } of problemsOf(http)) context.addIssue({ code: 'custom', path, message });
  })
  .meta({ oneOf: [{ required: ['url'] }, { required: ['instances'] }] });

type Parsed = z.output<typeof httpServer>;

function* problemsOf({ instances, health, session_lost }: Pick<Parsed, 'instances' | 'health' | 'session_lost'>) {
  if (instances === undefined) {
    for (const [name, stated] of Object.entries({ health, session_lost })) {
      if (stated !== undefined) yield { path: [name], message: 'has an effect with `instances` only' };
    }
    return;
  }
  for (const [index, { url: at, id }] of instances.entries()) {
    const before = instances.slice(0, index);
    if (before.some(other => URL.parse(other.url)?.href === URL.parse(at)?.href)) {
      yield {
        path: ['instances', index, 'url'],
        message: 'duplicate URL: remove it, and give the other one more weight',
      };
    }
    if (id !== undefined && before.some(other => other.id === id)) {
      yield { path: ['instances', index, 'id'], message: `duplicate id: ${id}` };
    }
  }
  if (instances.length > 0 && instances.every(({ weight }) => weight === 0)) {
    yield { path: ['instances', 0, 'weight'], message: 'all weights are 0, so no instance would get work' };
  }
}

export type HttpServerConfig = Omit<Parsed, 'url'> & {
  /** The address of the server, or of the first instance. */
  readonly url: string;
};

/** Returns the server with an address that stands for all instances where one is needed. */
export const finishedHttp = (http: Parsed): HttpServerConfig => ({
  ...http,
  url: http.url ?? http.instances?.[0]?.url ?? '',
});
