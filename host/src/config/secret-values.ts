import type { SecretMask } from '../core/secret-mask.ts';
import type { ParsedConfig } from './schema.ts';

/** A value of the environment that is used in the configuration, and the path of the text that contains it. */
export interface FilledIn {
  readonly path: string;
  readonly value: string;
}

/** Places where a variable is a secret, not an address, a path or a name. */
const secretPlaces =
  /^upstreams\.\d+\.(http\.headers\.|stdio\.(env|args)\.)|^telemetry\.otlp\.headers\.|^(tenants\.\d+\.)?plugins\.\d+\.config\./;
/** Headers that are secret even if their value is in the file itself. */
const secretHeader = /auth|cookie|token|secret|key|pass|credential/i;
/** Common words that are not masked, because messages would become unreadable. */
const shortest = 6;
/** Whether a text looks random, like a key, or a segment of the URL of a hosted server. */
export const isRandom = (part: string) => part.length >= 16 && /\d/.test(part) && /[a-z]/i.test(part);

/** The maximum nesting. The parser's stack allows an amount that varies, far more than a file needs. */
export const deepest = 100;

/** Lists the texts in plain data, down to the nesting that a file may have. */
export function textsIn(value: unknown, path: readonly string[] = []): readonly FilledIn[] {
  if (typeof value === 'string') return [{ path: path.join('.'), value }];
  if (typeof value !== 'object' || value === null || path.length > deepest) return [];
  return Object.entries(value).flatMap(([name, member]) => textsIn(member, [...path, name]));
}

/**
 * Registers the secrets of the configuration with the mask: variables in headers, environments, arguments and plugin
 * config, credentials in headers, and the user, password, query and random path segments of URLs.
 */
export function learnSecrets(
  mask: SecretMask,
  filledIn: readonly FilledIn[],
  { upstreams, telemetry }: ParsedConfig,
): void {
  const learn = (value: string) => value.length >= shortest && mask.learn(value);
  for (const { path, value } of filledIn) if (secretPlaces.test(path)) learn(value.trim());
  for (const headers of [telemetry?.otlp.headers ?? {}, ...upstreams.map(({ http }) => http?.headers ?? {})]) {
    for (const [name, value] of Object.entries(headers)) {
      if (!secretHeader.test(name) || typeof value !== 'string') continue;
      learn(value);
      // `Bearer TOKEN`: servers may repeat only the token.
      learn(value.slice(value.indexOf(' ') + 1));
    }
  }
  for (const { http } of upstreams) {
    for (const text of [http?.url, ...(http?.instances ?? []).map(each => each.url)]) {
      const url = URL.parse(text ?? '');
      if (url === null) continue;
      for (const value of [url.username, url.password, ...url.searchParams.values()]) learn(value);
      for (const part of url.pathname.split('/').filter(isRandom)) learn(part);
    }
  }
}
