import type { EgressRequest } from '../../../egress/request.ts';
import { secretsIn } from '../../secret-store/lane/worthless-placeholder.ts';

const longest = 1000;

/**
 * What one refused request would have needed: where to and how, and nothing of what was sent. Query and
 * fragment are left out: they may hold secrets, and rules know no such parts.
 */
export function egressNeed({ method, url: text, headers }: EgressRequest): unknown {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return { method: method.slice(0, 32), url: 'not an http or https URL' };
  const place = `${url.origin}${url.pathname}`;
  const secrets = secretsIn(headers);
  return {
    method: method.slice(0, 32),
    url: place.length > longest ? url.origin : place,
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}
