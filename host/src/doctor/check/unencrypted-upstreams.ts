import { isLoopback } from '../../core/loopback.ts';
import type { Check } from '../check.ts';

/** Upstreams on other machines that are reached without TLS. */
export const unencryptedUpstreams: Check = {
  id: 'DR409',
  severity: 'warning',
  about: 'upstreams on other machines without TLS',
  why: 'Others on the network can read and change requests and answers, with the credentials in them.',
  fix: 'Use an https URL. If only the gateway and the server share the network, ignore this warning.',
  find: ({ config: { upstreams } }) =>
    upstreams.flatMap(({ id, http, openapi }) => {
      const servers = http?.instances?.map(({ url }) => url) ?? (http === undefined ? [] : [http.url]);
      const apis = [openapi?.base_url, ...(openapi?.origins ?? [])];
      return [...new Set([...servers, ...apis])]
        .filter(url => url !== undefined && isUnencrypted(url))
        .map(url => ({ what: `Requests to ${url} are not encrypted.`, at: `upstreams.${id}` }));
    }),
};

function isUnencrypted(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'http:' && !isLoopback(url.hostname) && !/(^|\.)localhost$/i.test(url.hostname);
}
