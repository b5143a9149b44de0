import { z } from 'zod';
import { cidr } from '../../core/cidr.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Path } from '../problem.ts';
import { originText, text } from './fields.ts';
import type { Named } from './named.ts';
import type { Files } from './section.ts';
import { upstreamHeaders, upstreamUrl } from './upstream-url.ts';

const isUrl = (document: unknown): boolean => typeof document === 'string' && /^[a-z][a-z0-9+.-]+:\/\//i.test(document);

const selectors = z
  .array(text)
  .default([])
  .describe('Operations: an id, `GET /pets/**` or `tag:pets`; `*` stands for any characters.');

/** `openapi` of an upstream. */
export const upstreamOpenapi = z.strictObject({
  document: z
    .union([
      text.refine(
        document => !isUrl(document) || upstreamUrl.safeParse(document).success,
        'expected a file, or an http(s) URL without user and password',
      ),
      z.record(z.string(), z.unknown()),
    ])
    .describe('The OpenAPI document, in JSON or YAML: a file, relative to this one, a URL, or the document itself.'),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hexadecimal digits')
    .optional()
    .describe('Accept only this document, whose digest the log names. A new one is not used.'),
  base_url: upstreamUrl
    .refine(
      url => URL.parse(url)?.search === '' && URL.parse(url)?.hash === '',
      'a URL cannot have a query or a fragment here',
    )
    .optional()
    .describe('The URL of the API, instead of the servers of the document.'),
  variables: z
    .record(text, z.string())
    .default({})
    .describe("Values of variables in the URLs of the document's servers."),
  origins: z
    .array(originText.refine(origin => /^https?:/i.test(origin), 'expected http or https'))
    .default([])
    .describe('Further origins that operations with servers of their own may be sent to.'),
  allow_private: z
    .array(cidr)
    .default([])
    .describe(
      'Addresses that may be reached although they are not public. Those written in `document`, `base_url` and `origins` may.',
    ),
  headers: upstreamHeaders,
  security: z
    .record(text, text)
    .default({})
    .describe(
      "A secret for each of the document's security schemes. It is sent where the scheme says; for basic, it is user:password.",
    ),
  include: selectors,
  exclude: selectors,
  names: z
    .record(text, z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected at most 64 letters, digits, _ and -'))
    .default({})
    .describe('Names of tools, by operation id or by `GET /path`.'),
  on_problem: z
    .enum(['refuse', 'skip'])
    .default('refuse')
    .describe('Whether a document with problems is refused, or its operations with problems are left out.'),
  output_schemas: z
    .boolean()
    .default(true)
    .describe('Whether tools have output schemas, and answers that do not match are marked.'),
  resources: z
    .boolean()
    .default(false)
    .describe('Whether operations of GET are resources and resource templates, beside tools.'),
  retries: z.int().min(0).max(5).default(2).describe('How often an idempotent request is sent again.'),
  poll_ms: z
    .int()
    .min(0)
    .max(24 * 3_600_000)
    .optional()
    .describe('How often the document is read again; 0 for never. Default: 5 s for a file, 5 min for a URL.'),
});

type Parsed = z.output<typeof upstreamOpenapi>;

/** The OpenAPI document of an upstream, with an absolute path, and how it is used. */
export type OpenapiConfig = Omit<Parsed, 'document'> & {
  readonly document: string | JsonObject;
  readonly poll_ms: number;
};

/** Returns `openapi` ready for use. */
export function finishedOpenapi(parsed: Parsed, files: Files): OpenapiConfig {
  const { document, origins, poll_ms: stated } = parsed;
  const rest = { ...parsed, origins: origins.map(origin => new URL(origin).origin) };
  if (typeof document !== 'string') return { ...rest, document: document as JsonObject, poll_ms: 0 };
  if (isUrl(document)) return { ...rest, document, poll_ms: stated ?? 5 * 60_000 };
  return { ...rest, document: files.absolute(document), poll_ms: stated ?? 5_000 };
}

/** Returns the names of secrets in the `openapi` of an upstream. */
export function securityIn(value: unknown, upstream: Path): readonly Named[] {
  const path = [...upstream, 'openapi', 'security'];
  const security = memberAt(value, path);
  return Object.entries(isJsonObject(security) ? security : {}).flatMap(([scheme, name]) =>
    typeof name === 'string' ? [{ name, path: [...path, scheme] }] : [],
  );
}
