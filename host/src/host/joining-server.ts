import { basename } from 'node:path';
import type { Config, UpstreamConfig } from '../config/config.ts';
import type { JoiningServer } from '../contract/generated/types.js';
import { isJsonObject } from '../core/json.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { serverUrl } from '../upstream/openapi/server-url.ts';

/** Who registers an upstream: the operator's file, the embedding program, or a caller of the management API. */
export interface Registrant {
  readonly origin: 'file' | 'program' | 'admin';
  /** The caller of the management API. */
  readonly principal?: string | undefined;
}

/** Describes an upstream for plugins, without anything that could be a secret. */
export function joiningServer(
  entry: UpstreamConfig,
  bindings: readonly string[],
  { origin, principal }: Registrant,
  mask: Pick<SecretMask, 'text'>,
): JoiningServer {
  const command = entry.stdio && mask.text(basename(entry.stdio.command));
  return {
    ...{ id: entry.id, transport: entry.stdio ? 'stdio' : entry.http ? 'http' : 'openapi', origin },
    urls: [...new Set(urlsOf(entry).flatMap(shownUrl))].map(url => mask.text(url)),
    bindings: [...bindings],
    ...(command !== undefined && { command }),
    ...(principal !== undefined && { principal }),
  };
}

/** Returns the ids of the bindings that offer an upstream. */
export const bindingsWith = (id: string, bindings: Config['bindings']): readonly string[] =>
  bindings.filter(({ upstreams }) => upstreams.includes(id)).map(binding => binding.id);

function urlsOf({ http, openapi }: UpstreamConfig): readonly string[] {
  if (http !== undefined) return (http.instances ?? [http]).map(({ url }) => url);
  if (openapi === undefined) return [];
  const { document, base_url: base, origins } = openapi;
  const servers = typeof document === 'object' && Array.isArray(document.servers) ? document.servers : [];
  const written = servers.filter(isJsonObject).flatMap(server => {
    const url = serverUrl({ root: {}, url: '' }, openapi, [server]);
    if ('why' in url) return [];
    // A variable may be the host, or something in the path that only the server should see.
    return String(server.url).includes('{') ? [new URL(url.base).origin] : [url.base];
  });
  return [...(typeof document === 'string' ? [document] : []), ...(base === undefined ? written : [base]), ...origins];
}

/** Returns an absolute URL without user, password, query and fragment. A file has none. */
function shownUrl(text: string): readonly string[] {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return [];
  return [url.origin + url.pathname];
}
