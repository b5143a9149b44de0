import { z } from 'zod';
import { pluginIdSchema } from '../../contract/plugin-descriptor.ts';
import { accountProblems } from './accounts.ts';
import { count, idle, milliseconds, oneOf, systemText } from './fields.ts';
import { duplicates, entries, listed, unknownNames } from './named.ts';
import { secretNames, sharedUseProblems } from './secrets.ts';
import { section } from './section.ts';
import {
  checkAuthPlace,
  finishedAuth,
  isStaticSecret,
  secretsIn,
  type UpstreamAuthConfig,
  upstreamAuth,
} from './upstream-auth.ts';
import { finishedHttp, type HttpServerConfig, httpServer } from './upstream-http.ts';
import { finishedOpenapi, type OpenapiConfig, securityIn, upstreamOpenapi } from './upstream-openapi.ts';

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
    http: httpServer.optional(),
    openapi: upstreamOpenapi.optional(),
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
  .superRefine(oneOf(['stdio', 'http', 'openapi']))
  .superRefine(checkAuthPlace)
  .superRefine(({ http, connections }, context) => {
    if (http?.instances === undefined || connections !== 'shared') return;
    const message = 'clients cannot share one connection with several instances: leave `connections` out';
    context.addIssue({ code: 'custom', path: ['connections'], message });
  })
  .superRefine(({ timeout_ms, max_timeout_ms }, context) => {
    if (timeout_ms === undefined || max_timeout_ms === undefined || max_timeout_ms >= timeout_ms) return;
    context.addIssue({
      code: 'custom',
      path: ['max_timeout_ms'],
      message: `must not be less than timeout_ms (${timeout_ms})`,
    });
  })
  .meta({ oneOf: [{ required: ['stdio'] }, { required: ['http'] }, { required: ['openapi'] }] });

type Parsed = z.output<typeof upstreamSchema>;

/** An upstream, which is reached in exactly one way. */
export type UpstreamConfig = Omit<Parsed, 'stdio' | 'http' | 'openapi' | 'auth'> & {
  readonly auth?: UpstreamAuthConfig | undefined;
  /** Set if it was registered at run time: then it is at public addresses, or in these networks. */
  readonly confined?: Confinement | undefined;
} & (
    | { readonly stdio: NonNullable<Parsed['stdio']>; readonly http?: never; readonly openapi?: never }
    | { readonly stdio?: never; readonly http: HttpServerConfig; readonly openapi?: never }
    | { readonly stdio?: never; readonly http?: never; readonly openapi: OpenapiConfig }
  );

/** Where an upstream that was registered at run time may be. */
export interface Confinement {
  /** Networks, in CIDR form, that may be reached although they are not public. */
  readonly allow_private: readonly string[];
}

/** Many models limit tool names to `most` characters, of which a name needs about `needed`. */
const toolName = { most: 64, needed: 32 };

/** `upstreams` of a program that registers upstreams. */
export const openEndedUpstreams = { upstreams: z.array(upstreamSchema).default([]) };

/** `upstreams`: the MCP servers and HTTP APIs behind the gateway. */
export const upstreamsSection = section({
  shape: { upstreams: z.array(upstreamSchema).min(1) },
  finish: ({ upstreams }, files) => ({
    upstreams: upstreams.map(({ stdio, http, openapi, auth: written, ...rest }): UpstreamConfig => {
      const auth = finishedAuth(written);
      const each = auth === undefined ? rest : { ...rest, auth };
      if (http) return { ...each, http: finishedHttp(http) };
      if (openapi) return { ...each, openapi: finishedOpenapi(openapi, files) };
      const { cwd, ...command } = stdio ?? { command: '', args: [], env: {} };
      return { ...each, stdio: cwd === undefined ? command : { ...command, cwd: files.absolute(cwd) } };
    }),
  }),
  problems(value) {
    const upstreams = entries(value, ['upstreams']);
    const secrets = upstreams.flatMap(({ path }) => [...secretsIn(value, path), ...securityIn(value, path)]);
    return [
      ...duplicates(upstreams),
      ...unknownNames(secretNames(value), secrets, 'secret'),
      ...accountProblems(value),
      ...sharedUseProblems(
        value,
        secrets.filter(({ path }) => !isStaticSecret(path)),
      ),
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
