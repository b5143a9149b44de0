import { type Dispatcher, type RequestInit as UndiciRequestInit, fetch as undiciFetch } from 'undici';
import { proxyFromEnvironment } from '../../core/proxy.ts';

/**
 * `fetch`, through the proxies of the environment where it names any.
 * @throws TypeError as `fetch` does; Fault `proxy_invalid`
 */
export async function registryFetch(url: URL, init: RequestInit): Promise<Response> {
  proxy ??= proxyFromEnvironment();
  if (proxy === undefined) return fetch(url, init);
  // The types of both say the same, in other words.
  const options = {
    ...init,
    headers: [...new Headers(init.headers)],
    dispatcher: proxy,
  } as unknown as UndiciRequestInit;
  return (await undiciFetch(url.href, options)) as unknown as Response;
}

/** Made once, because it keeps sockets. */
let proxy: Dispatcher | undefined;
