import { type Dispatcher, type RequestInit as UndiciRequestInit, fetch as undiciFetch } from 'undici';
import { proxyFromEnvironment } from '../../core/proxy.ts';

/**
 * Calls `fetch`, through the proxies that the environment names.
 * @throws TypeError as `fetch` does; Fault `proxy_invalid`
 */
export async function registryFetch(url: URL, init: RequestInit): Promise<Response> {
  proxy ??= proxyFromEnvironment();
  if (proxy === undefined) return fetch(url, init);
  // Both types are equivalent.
  const options = {
    ...init,
    headers: [...new Headers(init.headers)],
    dispatcher: proxy,
  } as unknown as UndiciRequestInit;
  return (await undiciFetch(url.href, options)) as unknown as Response;
}

/** Created once, because it keeps sockets. */
let proxy: Dispatcher | undefined;
