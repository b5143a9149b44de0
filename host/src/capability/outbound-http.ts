import { lookup } from 'node:dns';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import type { HttpError, HttpRequest, HttpResponse } from '../core/contract/outbound-http.js';
import { DeclaredError, defineCapability, type Serve, type ServeContext } from './capability.ts';
import { decideEgress, originSchema } from './egress-rule.ts';
import { isPublicAddress } from './public-address.ts';

type Answer = { readonly ok: HttpResponse } | { readonly err: HttpError };

const grantSchema = z.strictObject({
  allow: z.array(originSchema).min(1).max(256),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/, 'an HTTP method in upper case'))
    .min(1)
    .default(['GET', 'HEAD', 'POST']),
  max_bytes: z
    .number()
    .int()
    .min(1)
    .max(2 ** 28)
    .default(1_048_576),
  timeout_ms: z.number().int().min(1).max(600_000).default(10_000),
});

type Grant = z.infer<typeof grantSchema>;

const requestSchema = z.object({
  method: z.string(),
  url: z.string().max(65_536),
  headers: z.array(z.tuple([z.string(), z.string()])).max(256),
  body: z.instanceof(Uint8Array).optional(),
});

/** HTTP requests to the origins that the operator lists. Redirects are handed to the guest and never followed. */
export const outboundHttp = defineCapability<Grant>({
  name: 'outbound_http',
  wit: ['sallyport:plugin/outbound-http@0.1.0'],
  risk: 'Lets the plugin send what it sees to the listed origins, and wait for their answers.',
  grant: grantSchema,
  example: 'outbound_http: { allow: ["https://api.example.com"] }',
  imports: (_grant, lane) => ({
    'sallyport:plugin/outbound-http': {
      send: async (request: HttpRequest): Promise<HttpResponse> => {
        const answer = (await lane.ask(request)) as Answer;
        if ('err' in answer) throw new DeclaredError(answer.err);
        return answer.ok;
      },
    },
  }),
  asyncImports: ['sallyport:plugin/outbound-http#send'],
  serve: serveOutboundHttp,
  denied: {
    'sallyport:plugin/outbound-http': {
      send: async () => {
        throw new DeclaredError({ tag: 'denied', val: 'outbound_http was not granted' } satisfies HttpError);
      },
    },
  },
});

/** These are the host's to set: they decide framing, routing and who is asked. */
const forbiddenHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** One connection pool a plugin: connections are never shared between plugins. */
function serveOutboundHttp(grant: Grant, on: ServeContext): Serve {
  // Loaded here, on the gateway's thread: lanes read this file too, and must start fast.
  const client = import('undici').then(({ Agent, request }) => ({
    request,
    dispatcher: new Agent({ connect: { lookup: publicLookup }, connections: 16 }),
  }));
  on.defer(async () => (await client).dispatcher.destroy());
  return async (message, { signal }): Promise<Answer> => {
    const { method, url: text, headers, body } = requestSchema.parse(message);
    const decision = decideEgress(grant.allow, grant.methods, method, text);
    if (!decision.allowed) return { err: { tag: 'denied', val: decision.why } };
    const forbidden = headers.find(([name]) => forbiddenHeaders.has(name.toLowerCase()));
    if (forbidden !== undefined) return { err: { tag: 'denied', val: `header ${forbidden[0]} is the host's to set` } };
    if (body !== undefined && body.length > grant.max_bytes) return { err: { tag: 'too-large' } };
    try {
      const { request, dispatcher } = await client;
      const response = await request(decision.url, {
        method: method as Dispatcher.HttpMethod,
        headers: headers.flat(),
        body: body ?? null,
        dispatcher,
        signal: AbortSignal.any([signal, AbortSignal.timeout(grant.timeout_ms)]),
      });
      const bytes = await readAtMost(response.body, grant.max_bytes);
      if (bytes === undefined) return { err: { tag: 'too-large' } };
      return { ok: { status: response.statusCode, headers: headerList(response.headers), body: bytes } };
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') return { err: { tag: 'timeout' } };
      return { err: { tag: 'failed', val: error instanceof Error ? error.message : 'failed' } };
    }
  };
}

/** Resolves a name and refuses addresses that are not public; the connection is made to what was checked. */
const publicLookup: typeof lookup = ((name: string, options: object, done: (...result: unknown[]) => void) => {
  lookup(name, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error);
    const hidden = addresses.find(({ address }) => !isPublicAddress(address));
    const first = addresses[0];
    if (hidden !== undefined || first === undefined) {
      return done(new Error(`${name} resolves to an address that is not public`));
    }
    return 'all' in options && options.all === true ? done(null, addresses) : done(null, first.address, first.family);
  });
}) as typeof lookup;

async function readAtMost(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

const headerList = (headers: Record<string, string | string[] | undefined>): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap(one =>
      one === undefined ? [] : [[name, one] as [string, string]],
    ),
  );
