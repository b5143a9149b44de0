import { cut } from '../../core/cut.ts';
import { visible } from '../../core/visible.ts';
import { isRandom } from '../secret-values.ts';

/**
 * Sections whose texts are names, paths, addresses and references. The texts of any other section are not shown, because
 * one could be a secret.
 */
const withoutSecrets: ReadonlySet<string> = new Set([
  ...['log', 'listen', 'allowed_hosts', 'allowed_origins', 'trusted_proxies', 'tls', 'tenants', 'routes', 'identity'],
  ...['accounts', 'require_signed_plugins', 'trust', 'cache_dir', 'secrets', 'kv', 'metrics', 'audit', 'receipts'],
  ...[
    'registries',
    'limits',
    'plugins',
    'plugin_settings',
    'upstreams',
    'bindings',
    'admin',
    'telemetry',
    'federation',
  ],
]);

/** Places in these sections that may contain a secret, or whose values would say nothing to a reader. */
const hidden: readonly RegExp[] = [
  /^plugins\.\*\.(config|descriptor)(\.|$)/,
  /^plugins\.\*\.source\.public_key$/,
  /^trust\.keys\.\*\.pem$/,
  /^tenants\.\*\.plugins\.\*\.config(\.|$)/,
  /^upstreams\.\*\.(http|openapi)\.headers(\.|$)/,
  /^telemetry\.otlp\.headers(\.|$)/,
  /^upstreams\.\*\.stdio\.(args|env)(\.|$)/,
  /^upstreams\.\*\.openapi\.variables(\.|$)/,
  /^upstreams\.\*\.openapi\.document\./,
  /(^|\.)parameters(\.|$)/,
];

/** The maximum length of one value. */
const longest = 80;

/**
 * Returns a value of the configuration as a reader may see it, in one line; undefined if it is not shown.
 * @param place the path, with `*` for entries of lists
 */
export function shownValue(place: string, value: unknown): string | undefined {
  if (value === undefined) return 'none';
  if (hidden.some(pattern => pattern.test(place))) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  const section = place.split('.', 1)[0] ?? '';
  if (typeof value !== 'string' || !withoutSecrets.has(section)) return undefined;
  const text = cut(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? shownUrl(value) : value, longest);
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) ? text : visible(JSON.stringify(text));
}

/** Returns a URL without what may be a secret: its user, its query, and parts of its path that look random. */
function shownUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) return '***';
  const path = url.pathname.split('/').map(part => (isRandom(part) ? '***' : part));
  return `${url.protocol}//${url.host}${path.join('/')}`;
}
