import { z } from 'zod';
import { pluginIdSchema } from '../../contract/plugin-descriptor.ts';
import { headerName } from '../../core/http-header.ts';
import { headerNameProblems, headerValue } from '../header.ts';
import { count, idle, milliseconds, oneOf, systemText } from './fields.ts';
import { duplicates, entries, listed, unknownNames } from './named.ts';
import { secretNames, sharedUseProblems } from './secrets.ts';
import { section } from './section.ts';
import { checkAuthPlace, finishedAuth, secretsIn, type UpstreamAuthConfig, upstreamAuth } from './upstream-auth.ts';

const headers = z
  .record(
    z.string().regex(headerName, 'not the name of a header: expected letters, digits and hyphens'),
    z
      .string()
      .regex(headerValue, 'a header cannot contain line breaks, control characters or characters outside Latin-1')
      .transform(value => value.replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, '')),
  )
  .superRefine((stated, context) => {
    for (const { name, message } of headerNameProblems(stated)) {
      context.addIssue({ code: 'custom', path: [name], message });
    }
  })
  .default({})
  .describe('Sent with each request. White space around a value is removed.');

const url = z
  .url({ protocol: /^https?$/, error: 'expected an http or https URL', abort: true })
  .refine(
    text => URL.parse(text)?.username === '' && URL.parse(text)?.password === '',
    'the user and password of a URL are never sent: use `headers: { authorization: Basic … }` instead',
  );

export const upstreamSchema = z
  .strictObject({
    id: pluginIdSchema,
    stdio: z
      .strictObject({
        command: systemText.min(1),
        args: z.array(systemText).default([]),
        env: z
          .record(z.string().regex(/^[^=\0]+$/, 'not the name of an environment variable'), systemText)
          .default({})
          .describe('The whole environment, except for PATH and HOME, which are always passed.'),
        cwd: systemText.min(1).optional(),
      })
      .optional(),
    http: z.strictObject({ url, headers }).optional(),
    auth: upstreamAuth,
    required: z.boolean().default(true).describe('Whether the start fails if the upstream cannot be reached.'),
    timeout_ms: milliseconds
      .optional()
      .describe('One request, while it shows no progress. Default: limits.request_timeout_ms.'),
    max_timeout_ms: milliseconds
      .optional()
      .describe('One request, however much progress it shows. Default: limits.max_request_timeout_ms.'),
    connections: z
      .enum(['per_session', 'shared'])
      .default('per_session')
      .describe('Whether each client session has a connection of its own, or all clients share one.'),
    max_connections: count.optional().describe('Concurrent client connections. Default: 16 over stdio, 256 over HTTP.'),
    idle_ms: idle(30 * 60_000).describe("A client's connection ends after this time without a request."),
  })
  .superRefine(oneOf(['stdio', 'http']))
  .superRefine(checkAuthPlace)
  .superRefine(({ timeout_ms, max_timeout_ms }, context) => {
    if (timeout_ms === undefined || max_timeout_ms === undefined || max_timeout_ms >= timeout_ms) return;
    context.addIssue({ code: 'custom', path: ['max_timeout_ms'], message: `less than timeout_ms, ${timeout_ms}` });
  })
  .meta({ oneOf: [{ required: ['stdio'] }, { required: ['http'] }] });

type Parsed = z.output<typeof upstreamSchema>;

/** An upstream, which is reached in exactly one way. */
export type UpstreamConfig = Omit<Parsed, 'stdio' | 'http' | 'auth'> & {
  readonly auth?: UpstreamAuthConfig | undefined;
} & (
    | { readonly stdio: NonNullable<Parsed['stdio']>; readonly http?: never }
    | { readonly stdio?: never; readonly http: NonNullable<Parsed['http']> }
  );

/** Many models limit tool names to `most` characters, of which a name needs about `needed`. */
const toolName = { most: 64, needed: 32 };

/** `upstreams` of a program that registers upstreams. */
export const openEndedUpstreams = { upstreams: z.array(upstreamSchema).default([]) };

/** `upstreams`: the MCP servers behind the gateway. */
export const upstreamsSection = section({
  shape: { upstreams: z.array(upstreamSchema).min(1) },
  finish: ({ upstreams }, files) => ({
    upstreams: upstreams.map(({ stdio, http, auth: written, ...rest }): UpstreamConfig => {
      const auth = finishedAuth(written);
      const each = auth === undefined ? rest : { ...rest, auth };
      if (http) return { ...each, http };
      const { cwd, ...command } = stdio ?? { command: '', args: [], env: {} };
      return { ...each, stdio: cwd === undefined ? command : { ...command, cwd: files.absolute(cwd) } };
    }),
  }),
  problems(value) {
    const secrets = entries(value, ['upstreams']).flatMap(({ path }) => secretsIn(value, path));
    return [
      ...duplicates(entries(value, ['upstreams'])),
      ...unknownNames(secretNames(value), secrets, 'secret'),
      ...sharedUseProblems(value, secrets),
    ];
  },
  /** Reports ids that leave too little room for the upstream's tool names, in a binding with several upstreams. */
  warnings(value) {
    const prefixed = new Set(
      entries(value, ['bindings'])
        .map(({ path }) => listed(value, [...path, 'upstreams']))
        .filter(names => names.length > 1)
        .flatMap(names => names.map(({ name }) => name)),
    );
    return entries(value, ['upstreams']).flatMap(({ name, path }) => {
      const room = toolName.most - `${name}__`.length;
      if (room >= toolName.needed || !prefixed.has(name)) return [];
      const left =
        room > 0
          ? `which leaves ${room} of the ${toolName.most} characters that many models allow`
          : `which takes all ${toolName.most} characters that many models allow`;
      const message = `with several upstreams, names of its tools begin with ${name}__, ${left}`;
      return [{ path: [...path, 'id'], message, hint: 'choose a shorter id' }];
    });
  },
});
