import { isIP } from 'node:net';
import { Egress } from '../../egress/egress.ts';
import { egressGrantSchema } from '../../egress/egress-grant.ts';
import type { ResolveName } from '../../egress/resolve-name.ts';

export interface ApiEgressOptions {
  readonly upstream: string;
  /** Where requests may go. */
  readonly origins: readonly string[];
  /** The URLs that the operator wrote. An address in them may be reached. */
  readonly stated: readonly string[];
  readonly allowPrivate: readonly string[];
  readonly methods: readonly string[];
  readonly mostBytes: number;
  readonly resolve?: ResolveName | undefined;
}

/** The engine refuses more. */
const largest = 2 ** 28;

/** Opens the requests to an API, or for its document: to these origins, and to public addresses unless others are allowed. */
export function openEgress({ upstream, stated, allowPrivate, ...options }: ApiEgressOptions): Egress {
  const grant = {
    allow: [...new Set(options.origins)],
    methods: [...new Set(options.methods)],
    allow_private: [...allowPrivate, ...stated.flatMap(networksIn)],
    max_bytes: Math.min(options.mostBytes, largest),
    max_request_bytes: largest,
    max_redirects: 3,
    // The limits of the request say how long an answer may take.
    min_bytes_per_second: 0,
    timeout_ms: 600_000,
    concurrency: 256,
    requests_per_minute: 1_000_000,
  };
  return new Egress(egressGrantSchema.parse(grant), {
    plugin: upstream,
    ...(options.resolve && { resolve: options.resolve }),
  });
}

/** Returns the networks of an address that a URL contains. */
function networksIn(text: string): readonly string[] {
  const host = URL.parse(text)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  if (host === 'localhost') return ['127.0.0.0/8', '::1/128'];
  const family = isIP(host);
  return family === 0 ? [] : [`${host}/${family === 4 ? 32 : 128}`];
}
