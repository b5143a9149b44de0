import { z } from 'zod';
import { type CannedContext, defineCanned } from '../canned.ts';
import { requestSchema } from './gateway.ts';

const textsSchema = z.record(z.string(), z.string());

/** One request with its answer. It is used once, in any order. */
const exchangeSchema = z.strictObject({
  request: z.strictObject({
    method: z.string().default('GET'),
    url: z.string(),
    headers: textsSchema.default({}),
    body: z.unknown().optional(),
  }),
  answer: z
    .strictObject({
      status: z.int().min(100).max(599).default(200),
      headers: textsSchema.default({}),
      body: z.unknown().optional(),
    })
    .optional(),
  error: z.strictObject({ tag: z.string(), val: z.string().optional() }).optional(),
});

type Exchange = z.infer<typeof exchangeSchema>;

/** Nothing is sent: the answers come from the case. */
export const outboundHttpCanned = defineCanned({
  host: { http: z.array(exchangeSchema).default([]) },
  open({ http }, context) {
    const left = [...http];
    return {
      grant: { max_bytes: 2 ** 20 },
      serve: async request => answerTo(request, left, context),
      unused: () => left.map(({ request }) => ({ path: 'host.http', answer: request })),
    };
  },
});

function answerTo(message: unknown, left: Exchange[], context: CannedContext): unknown {
  const { method, url, ...sent } = requestSchema.parse(message);
  const headers = Object.fromEntries(sent.headers.map(([name, value]) => [name.toLowerCase(), value]));
  const body = sent.body === undefined ? undefined : Buffer.from(sent.body).toString('utf8');
  const index = left.findIndex(
    ({ request }) =>
      request.method === method &&
      request.url === url &&
      Object.entries(request.headers).every(([name, value]) => headers[name.toLowerCase()] === value) &&
      (request.body === undefined || context.matches(request.body, body)),
  );
  const [found] = index === -1 ? [] : left.splice(index, 1);
  if (found === undefined) {
    context.unexpected('host.http', { method, url, headers, ...(body !== undefined && { body }) });
    return { err: { tag: 'failed', val: 'the case has no answer to this request' } };
  }
  if (found.error !== undefined) return { err: found.error };
  const { status = 200, headers: answered = {}, body: content = '' } = found.answer ?? {};
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return { ok: { status, headers: Object.entries(answered), body: new Uint8Array(Buffer.from(text)) } };
}
