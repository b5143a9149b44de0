import type { CodeFamily } from './code.ts';

/** Refusals of an HTTP request before the message in it is read. */
export const httpCodes = {
  host_refused: {
    http: 403,
    says: 'The Host header names a host that this gateway does not serve.',
    todo: 'Use a host name that the gateway serves, or add this one to `allowed_hosts`.',
  },
  host_ambiguous: {
    http: 400,
    says: 'The request has more than one Host header.',
    todo: 'Send one. If a proxy adds the other, fix the proxy.',
  },
  origin_refused: {
    http: 403,
    says: 'Web pages of this origin may not call the gateway.',
    todo: 'To allow them, add the origin to `allowed_origins`.',
  },
  tls_unusable: {
    exit: 3,
    says: 'The certificates of the listener cannot be used.',
    todo: 'Correct the reported file: PEM, the certificate first, with the private key that belongs to it.',
  },
  path_unknown: {
    http: 404,
    says: 'The path does not exist.',
    todo: 'Use /mcp, or /mcp/ followed by the id of a binding.',
  },
  http_method_refused: {
    http: 405,
    says: 'This HTTP method is not supported here.',
    todo: 'Use POST for messages, GET for the stream of notifications, DELETE to end a session.',
  },
  media_type_refused: {
    http: 415,
    says: 'The Content-Type of the body is not JSON.',
    todo: 'Send `Content-Type: application/json`.',
  },
  not_acceptable: {
    http: 406,
    says: 'The Accept header excludes the media types that this gateway sends.',
    todo: 'Send `Accept: application/json, text/event-stream`.',
  },
  body_too_large: {
    http: 413,
    says: 'The body is larger than allowed.',
    todo: 'Send less, or raise `limits.body_bytes`.',
  },
  body_late: {
    http: 408,
    says: 'The body did not arrive in time.',
    todo: 'Send the request again, with the whole body at once.',
  },
  overloaded: {
    http: 503,
    says: 'The gateway has reached one of its limits.',
    todo: 'Try again after the seconds in Retry-After. The hint names the setting to raise.',
  },
  draining: {
    http: 503,
    says: 'The gateway is shutting down and accepts no new requests.',
    todo: 'Send the request again, to another instance or after the restart.',
  },
} as const satisfies CodeFamily;
