/**
 * These are the host's to set: they decide framing, routing, and for whom is asked. Some servers take a method, a path or
 * a client's address from them in place of those that the grant was held against.
 */
const forbidden = new Set([
  'alt-used',
  'cf-connecting-ip',
  'connection',
  'content-length',
  'expect',
  'fastly-client-ip',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'true-client-ip',
  'upgrade',
  'via',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-original-path',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-uri',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
]);

/**
 * Whether a header is the host's, and no guest's, to set. CGI and what follows it reads `_` and `-` as the same
 * (RFC 3875 § 4.1.18).
 */
export function isForbiddenHeader(name: string): boolean {
  const plain = name.toLowerCase().replaceAll('_', '-');
  return forbidden.has(plain) || plain.startsWith('x-forwarded-');
}
