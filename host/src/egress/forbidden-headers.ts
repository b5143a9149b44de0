/**
 * Headers that only the host sets, because they decide framing, routing and the client's identity. Some servers take a
 * method, a path or a client's address from them instead of the one that the grant was checked against.
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
 * Whether only the host may set a header. CGI and what follows it reads `_` and `-` as the same
 * (RFC 3875 § 4.1.18).
 */
export function isForbiddenHeader(name: string): boolean {
  const plain = name.toLowerCase().replaceAll('_', '-');
  return forbidden.has(plain) || plain.startsWith('x-forwarded-');
}
