import { type Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { fail } from './fault.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Hosts that are never reached through a proxy: this machine. */
const thisMachine = 'localhost,127.0.0.1,[::1]';

/**
 * Creates a dispatcher for the proxies of the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, in upper or lower case),
 * like curl, git and docker; undefined if there are none. Without HTTPS_PROXY, https servers are reached through
 * HTTP_PROXY.
 * @throws Fault `proxy_invalid`
 */
export function proxyFromEnvironment(
  options: Agent.Options = {},
  env: Environment = process.env,
): Dispatcher | undefined {
  const httpProxy = proxyIn(env, 'http_proxy');
  const httpsProxy = proxyIn(env, 'https_proxy') ?? httpProxy;
  if (httpProxy === undefined && httpsProxy === undefined) return undefined;
  const noProxy = [env.no_proxy ?? env.NO_PROXY, thisMachine].filter(Boolean).join(',');
  // For undici an empty string means no proxy; undefined would make it read the environment itself.
  return new EnvHttpProxyAgent({ ...options, httpProxy: httpProxy ?? '', httpsProxy: httpsProxy ?? '', noProxy });
}

/** Reads a proxy variable. The lower-case name takes precedence; a value without a scheme means http. */
function proxyIn(env: Environment, name: string): string | undefined {
  const [variable, stated] =
    [name, name.toUpperCase()].map(key => [key, env[key]] as const).find(([, value]) => value) ?? [];
  if (stated === undefined) return undefined;
  const url = URL.parse(stated.includes('://') ? stated : `http://${stated}`);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url.href;
  return fail('proxy_invalid', { variable, hint: `${variable} is not the http or https URL of a proxy` });
}
