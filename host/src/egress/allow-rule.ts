import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { pathGlob } from '../core/glob.ts';

/** One line of a grant's `allow`, ready to be compared with a normalised URL. */
export interface AllowRule {
  readonly text: string;
  /** Absent: the grant's methods. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  /** Whether scheme, host, port and path are the rule's. */
  matches(url: URL): boolean;
}

export type ClientCertificate = z.infer<typeof clientCertificateSchema>;

const pattern =
  /^(?<scheme>https?):\/\/(?<host>\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:(?<port>\d{1,5}))?(?<path>\/(?:(?![?#\\])[!-~])*)?$/;
const expected =
  'expected scheme://host[:port][/path] in lower case, for example https://api.example.com, https://*.example.com, ' +
  'https://api.example.com/v1/* (one part of a path) or /v1/** (any)';

function partsOf(text: string) {
  const { scheme, host, port = '', path } = pattern.exec(text)?.groups ?? {};
  if (scheme === undefined || host === undefined) return undefined;
  const suffix = host.startsWith('*.') ? host.slice(2) : undefined;
  const concrete = suffix ?? (host === '*' ? 'any.invalid' : host);
  const origin = `${scheme}://${concrete}${port === '' ? '' : `:${port}`}`;
  // A host that the URL parser would change is refused: what the operator reads is what is compared.
  if (!URL.canParse(origin) || new URL(origin).hostname !== concrete || Number(port || 1) === 0) return undefined;
  if (suffix !== undefined && (!suffix.includes('.') || /^[\d.]+$/.test(suffix))) return undefined;
  return { protocol: `${scheme}:`, host, suffix, port: new URL(origin).port, path };
}

const urlSchema = z.string().refine(text => partsOf(text) !== undefined, expected);
const isAnyHost = (text: string) => partsOf(text)?.host === '*';
const anyHostDue = 'the host * allows every host: to allow that, write { url: …, any_host: true }';

/** Methods that a grant may list. CONNECT and TRACE are never a plugin's. */
export const methodsSchema = z
  .array(
    z
      .string()
      .regex(/^[A-Z]+$/, 'expected an HTTP method in upper case')
      .refine(method => method !== 'CONNECT' && method !== 'TRACE', 'CONNECT and TRACE cannot be granted'),
  )
  .min(1);

/** A file of the operator. Relative paths would depend on where the gateway was started. */
export const fileSchema = z.string().refine(isAbsolute, 'expected an absolute path');

const clientCertificateSchema = z.strictObject({
  certificate_file: fileSchema.describe('PEM, the chain included.'),
  key_file: fileSchema.describe('PEM.'),
});

/** `https://api.example.com/v1/*`, or that as `url` with more to say about it. */
export const ruleSchema = z.union([
  urlSchema.refine(text => !isAnyHost(text), anyHostDue),
  z
    .strictObject({
      url: urlSchema.describe('scheme://host[:port][/path]'),
      any_host: z.literal(true).optional().describe('Required if the host is *.'),
      methods: methodsSchema.optional().describe("Overrides the grant's methods."),
      client_certificate: clientCertificateSchema.optional().describe('Presented only to the hosts of this rule.'),
    })
    .refine(rule => isAnyHost(rule.url) === (rule.any_host === true), anyHostDue),
]);

/** Makes a rule of what `ruleSchema` accepted. */
export function readRule(written: z.infer<typeof ruleSchema>): AllowRule {
  const rule = typeof written === 'string' ? { url: written } : written;
  const parts = partsOf(rule.url);
  if (parts === undefined) throw new Error(expected);
  const { protocol, host, suffix, port, path } = parts;
  const hostMatches = (name: string) =>
    suffix === undefined ? host === '*' || name === host : name.endsWith(`.${suffix}`);
  const glob = path === undefined ? undefined : pathGlob(path);
  return {
    text: rule.url,
    methods: rule.methods === undefined ? undefined : new Set(rule.methods),
    clientCertificate: rule.client_certificate,
    matches: url =>
      url.protocol === protocol &&
      url.port === port &&
      hostMatches(url.hostname) &&
      (glob === undefined || (isPlainPath(url.pathname) && glob.test(url.pathname))),
  };
}

/** Servers differ in how they read the others, bytes that are no UTF-8 among them: no glob can speak for what they mean. */
function isPlainPath(path: string): boolean {
  if (/%(2f|3b|5c|25|00)|\/\/|\/\.{1,2}(;|$|\/)/i.test(path)) return false;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
