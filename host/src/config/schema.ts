import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { FailureCause } from '../contract/hook-call.ts';
import { pluginDescriptorSchema, pluginIdSchema } from '../contract/plugin-descriptor.ts';
import { headerName } from '../core/http-header.ts';
import { headerNameProblems, headerValue } from './header.ts';
import { hostProblem, originProblem } from './host-pattern.ts';
import { parseListen } from './listen.ts';

/** What the `grants` of a plugin are validated by. The capabilities make it; config knows none of them. */
export type GrantsSchema = z.ZodType<Readonly<Record<string, unknown>>>;

const text = z.string().min(1);
/** The operating system takes no NUL in a command or its environment, and its refusal would quote the value. */
const systemText = z.string().regex(/^[^\0]*$/, 'it holds a NUL character, which no process can be given');

/** A text about which `problem` finds nothing. It is no pattern of the JSON Schema: there a variable may stand for it. */
const spelled = (problem: (text: string) => string | undefined) =>
  text.superRefine((value, context) => {
    const message = problem(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
const hostText = spelled(hostProblem);
const originText = spelled(originProblem);

const headersSchema = z
  .record(
    z.string().regex(headerName, 'no name of a header: letters, digits and hyphens'),
    z
      .string()
      .regex(headerValue, 'a header can hold neither line breaks, control characters nor characters outside of Latin-1')
      .transform(value => value.replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, '')),
  )
  .superRefine((headers, context) => {
    for (const { name, message } of headerNameProblems(headers)) {
      context.addIssue({ code: 'custom', path: [name], message });
    }
  })
  .default({})
  .describe('Sent with each request. White space around a value is dropped.');

const upstreamUrl = z
  .url({ protocol: /^https?$/, error: 'an http or https URL', abort: true })
  .refine(
    url => URL.parse(url)?.username === '' && URL.parse(url)?.password === '',
    'a URL with a user or password is never sent: state `headers: { authorization: Basic … }` in its place',
  );
const milliseconds = z.int().min(1).max(3_600_000);
const MiB = 2 ** 20;
const bytes = z
  .int()
  .min(1024)
  .max(1024 * MiB);
/**
 * What a hook call is shown and answers with lies in the heap of its lane, several calls of one message at a time and
 * with two bytes for each character. That heap is bounded, and a text that does not fit it ends the whole process.
 */
const payload = z
  .int()
  .min(1024)
  .max(8 * MiB, 'at most 8388608 (8 MiB): the heap of a lane could not hold more of it');
/** How long something may be unused, between a second and a week. */
const idle = (ms: number) =>
  z
    .int()
    .min(1_000)
    .max(7 * 24 * 3_600_000)
    .default(ms);
const count = z.int().min(1).max(1_000_000);
const instant = z.iso.datetime({ offset: true, error: 'a time such as 2026-12-31T23:59:59Z' });

const failureActionSchema = z.enum(['deny', 'ignore', 'disable']);
export type FailureAction = z.output<typeof failureActionSchema>;
const everyCause = (action: FailureAction): Readonly<Record<FailureCause, FailureAction>> => ({
  trap: action,
  timeout: action,
  limit: action,
  invalid_output: action,
  unavailable: action,
});
const onErrorSchema = z
  .union(
    [
      failureActionSchema,
      z.strictObject({
        trap: failureActionSchema.optional(),
        timeout: failureActionSchema.optional(),
        limit: failureActionSchema.optional(),
        invalid_output: failureActionSchema.optional(),
        unavailable: failureActionSchema.optional(),
      }),
    ],
    { error: 'expected deny, ignore or disable, or one of them for each cause' },
  )
  .default('deny')
  .transform(stated => {
    if (typeof stated === 'string') return everyCause(stated);
    const named = Object.entries(stated).filter(([, action]) => action !== undefined);
    return { ...everyCause('deny'), ...(Object.fromEntries(named) as Partial<ReturnType<typeof everyCause>>) };
  });

/** For objects of which exactly one of `names` must be there; at most one when `optional`. */
const oneOf =
  (names: readonly string[], optional = false) =>
  (value: Readonly<Record<string, unknown>>, context: z.RefinementCtx) => {
    const given = names.filter(name => value[name] !== undefined).length;
    if (given === 1 || (optional && given === 0)) return;
    const message = `expected ${optional ? 'at most' : 'exactly'} one of ${names.join(', ')}; found ${given === 0 ? 'none' : given}`;
    context.addIssue({ code: 'custom', message });
  };

const sourceSchema = z
  .strictObject({
    oci: text.optional().describe('An OCI reference: registry/repository:tag, or @sha256:… to pin it.'),
    oci_layout: text.optional().describe('A folder with an OCI image layout, relative to this file.'),
    file: text.optional().describe('A component, relative to this file, with its signature beside it as X.sig.'),
    public_key: text.optional().describe('PEM of the only key that counts for this plugin.'),
    public_key_file: text.optional(),
  })
  .superRefine(oneOf(['oci', 'oci_layout', 'file']))
  .superRefine(oneOf(['public_key', 'public_key_file'], true))
  .meta({ oneOf: ['oci', 'oci_layout', 'file'].map(name => ({ required: [name] })) });

const trustKeySchema = z
  .strictObject({
    id: text,
    pem: text.optional().describe('The public key, SPKI PEM.'),
    file: text.optional().describe('A file with the PEM, relative to this file.'),
    scopes: z
      .array(text)
      .min(1)
      .optional()
      .describe('Repositories that the key may sign for: ghcr.io/acme/* (one component) or ghcr.io/acme/** (any).'),
    not_before: instant.optional(),
    not_after: instant.optional(),
    status: z.enum(['active', 'revoked']).default('active'),
  })
  .superRefine(oneOf(['pem', 'file']))
  .meta({ oneOf: [{ required: ['pem'] }, { required: ['file'] }] });

const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 lower-case hex digits');

const limitsSchema = z.strictObject({
  body_bytes: bytes.default(4 * MiB).describe('The body of a request from a client.'),
  answer_bytes: bytes.default(32 * MiB).describe('One answer of an upstream.'),
  request_timeout_ms: milliseconds.default(60_000).describe('One request to an upstream that shows no progress.'),
  max_request_timeout_ms: milliseconds
    .optional()
    .describe(
      'One request to an upstream, however much progress it shows. 600000, or request_timeout_ms if that is more.',
    ),
  list_ms: milliseconds.default(5000).describe('How long lists of several upstreams wait for each of them.'),
  upstream_start_ms: milliseconds.default(60_000).describe('Starting an upstream and shaking hands with it.'),
  concurrent_requests: count.default(1024),
  sessions: count.default(10_000).describe('Sessions of clients.'),
  session_idle_ms: idle(3_600_000).describe('After so long without a request and without a stream a session ends.'),
  streams: count.default(5_000).describe('Streams of notifications, which clients keep open.'),
  address_share: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.5)
    .describe('Which part of the sessions and streams that others leave one remote address may hold.'),
  waiting_bytes: bytes.default(256 * MiB).describe('Answers that clients have not read yet, of all requests together.'),
  lanes: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Worker threads that hold plugins. As many as there are cores, unless stated.')
    .transform(lanes => lanes ?? availableParallelism()),
  backlog: count.default(4096).describe('Hook calls that may wait for a lane; more are refused with 503.'),
  drain_ms: milliseconds.default(10_000).describe('How long requests may take to end after SIGTERM.'),
  plugin: z
    .strictObject({
      memory_mib: z.int().min(1).max(4096).default(64),
      timeout_ms: milliseconds.default(1000).describe('One hook call, waiting included.'),
      cpu_ms: milliseconds.default(1000).describe('One hook call on a thread, waiting not included.'),
      start_ms: milliseconds.default(5000).describe('Making an instance, configure included.'),
      log_lines: count.default(100).describe('Log lines of one hook call; the rest is counted and dropped.'),
      log_bytes: z.int().min(256).max(MiB).default(32_768).describe('What one hook call may log in all.'),
      payload_bytes: payload.default(8 * MiB).describe('Text and blobs that one hook call is shown, or answers with.'),
      host_calls: count.default(100).describe('Questions that one hook call may put to capabilities that wait.'),
      state_bytes: z.int().min(0).max(MiB).default(65_536).describe('What a plugin may keep in one request.'),
    })
    .prefault({})
    .describe('Of each plugin that states no others.'),
});

const upstreamSchema = z
  .strictObject({
    id: pluginIdSchema,
    stdio: z
      .strictObject({
        command: systemText.min(1),
        args: z.array(systemText).default([]),
        env: z
          .record(z.string().regex(/^[^=\0]+$/, 'no name of a variable'), systemText)
          .default({})
          .describe('The whole environment beside PATH and HOME.'),
        cwd: systemText.min(1).optional(),
      })
      .optional(),
    http: z
      .strictObject({
        url: upstreamUrl,
        headers: headersSchema,
      })
      .optional(),
    required: z.boolean().default(true).describe('Whether the start fails when it cannot be reached.'),
    timeout_ms: milliseconds
      .optional()
      .describe('One request that shows no progress; limits.request_timeout_ms unless stated.'),
    max_timeout_ms: milliseconds
      .optional()
      .describe('One request, however much progress it shows; limits.max_request_timeout_ms unless stated.'),
    connections: z
      .enum(['per_session', 'shared'])
      .default('per_session')
      .describe('Whether each client session has a connection of its own, or all clients share one.'),
    max_connections: count
      .optional()
      .describe('Connections of clients at one time. Unless stated 16 over stdio, and 256 over HTTP.'),
    idle_ms: idle(30 * 60_000).describe('After so long without a request the connection of a client ends.'),
  })
  .superRefine(oneOf(['stdio', 'http']))
  .superRefine(({ timeout_ms, max_timeout_ms }, context) => {
    if (timeout_ms === undefined || max_timeout_ms === undefined || max_timeout_ms >= timeout_ms) return;
    context.addIssue({ code: 'custom', path: ['max_timeout_ms'], message: `less than timeout_ms, ${timeout_ms}` });
  })
  .meta({ oneOf: [{ required: ['stdio'] }, { required: ['http'] }] });

function refuseSmallerMaximum(limits: z.output<typeof limitsSchema>, context: z.RefinementCtx): void {
  const { request_timeout_ms: usual, max_request_timeout_ms: most } = limits;
  if (most === undefined || most >= usual) return;
  const message = `less than request_timeout_ms, ${usual}`;
  context.addIssue({ code: 'custom', path: ['max_request_timeout_ms'], message });
}

/** The schema of sallyport.yaml. Unknown keys are refused. What spans several entries is checked in cross-check.ts. */
export const createConfigSchema = (grants: GrantsSchema) =>
  z
    .strictObject({
      listen: z
        .string()
        .refine(address => parseListen(address) !== undefined, 'host:port, such as 127.0.0.1:8787 or [::1]:0')
        .default('127.0.0.1:8787'),
      log: z
        .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
        .prefault({}),
      allowed_hosts: z.array(hostText).default([]).describe('Values of Host that are served beside those of loopback.'),
      allowed_origins: z.array(originText).default([]).describe('Values of Origin that browsers may send.'),
      require_signed_plugins: z.boolean().default(true),
      trust: z
        .strictObject({
          keys: z.array(trustKeySchema).default([]),
          revoked_digests: z.array(digestSchema).default([]),
        })
        .prefault({}),
      cache_dir: text.default('~/.cache/sallyport'),
      secrets: z
        .array(
          z
            .strictObject({
              name: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, dashes and underscores'),
              env: text.optional().describe('A variable of the environment of the gateway.'),
              file: text
                .optional()
                .describe('A file that holds the value, relative to this file; read again on change.'),
            })
            .superRefine(oneOf(['env', 'file']))
            .meta({ oneOf: [{ required: ['env'] }, { required: ['file'] }] }),
        )
        .default([])
        .describe('Secrets that grants of secret_store can name.'),
      kv: z
        .strictObject({
          store: z.enum(['sqlite', 'memory']).default('sqlite'),
          path: text.default('~/.local/state/sallyport/kv.sqlite').describe('The file of the sqlite store.'),
        })
        .prefault({})
        .describe('Where plugins that are granted kv_store keep their values.'),
      metrics: z
        .strictObject({
          serve: z
            .enum(['loopback', 'everybody', 'nobody'])
            .default('loopback')
            .describe('Who may read /metrics: connections from this machine, everybody who can connect, or nobody.'),
        })
        .prefault({}),
      audit: z
        .strictObject({
          file: text.optional().describe('Audit events go to this file, and to the log where it is left out.'),
        })
        .prefault({}),
      registries: z
        .array(
          z.strictObject({
            host: hostText,
            plain_http: z.boolean().default(false).describe('Plain http, for a registry that is not on this machine.'),
            token_hosts: z
              .array(hostText)
              .default([])
              .describe('Other hosts that may be sent our login to ask for a token.'),
          }),
        )
        .default([])
        .describe('Registries that need settings of their own.'),
      limits: limitsSchema.superRefine(refuseSmallerMaximum).prefault({}),
      plugins: z
        .array(
          z.strictObject({
            id: pluginIdSchema,
            source: sourceSchema,
            descriptor: pluginDescriptorSchema.optional().describe('For a component that carries none.'),
            grants: z
              .union([grants, z.literal('learn')])
              .default({})
              .describe('What the plugin may do. `learn` grants nothing, and records what the plugin tries to do.'),
            config: z.unknown().optional().describe('Any JSON; the plugin gets it when it is configured.'),
            priority: z
              .int()
              .default(100)
              .describe('Lower runs earlier; the order of this file decides between equals.'),
            on_error: onErrorSchema,
            breaker: z
              .strictObject({ failures: count.default(20), open_ms: milliseconds.default(1000) })
              .prefault({})
              .describe(
                'After this many failures in a row, calls are held back for this long; then one is let through.',
              ),
            isolation: z
              .enum(['pooled', 'tenant', 'fresh', 'process'])
              .default('pooled')
              .describe(
                'Who shares an instance: all callers, those of one tenant, or nobody; or a process of its own.',
              ),
            limits: z
              .strictObject({
                memory_mib: z.int().min(1).max(4096).optional(),
                timeout_ms: milliseconds.optional(),
                cpu_ms: milliseconds.optional(),
              })
              .prefault({}),
          }),
        )
        .default([]),
      upstreams: z.array(upstreamSchema).min(1),
      bindings: z
        .array(
          z.strictObject({
            id: pluginIdSchema.describe('Served at /mcp/{id}.'),
            upstreams: z.array(z.string()).min(1),
            transforms: z.array(z.string()).default([]).describe('Ids of plugins.'),
            default: z.boolean().default(false).describe('Whether it is served at /mcp too; else the first one is.'),
            unhooked: z
              .enum(['drop', 'pass'])
              .default('drop')
              .describe(
                'Log messages, texts of progress and texts of errors of upstreams, where a plugin has an after hook: no hook sees them.',
              ),
          }),
        )
        .min(1),
    })
    .meta({ title: 'sallyport.yaml', description: 'Configuration of the Sallyport gateway' });

/** What the file says, with defaults. */
export type ParsedConfig = z.output<ReturnType<typeof createConfigSchema>>;
