import type { SecretMask } from '../core/secret-mask.ts';
import type { ParsedConfig } from './schema.ts';

/** A value of the environment that stands in the configuration, and the path of the text that it is in. */
export interface FilledIn {
  readonly path: string;
  readonly value: string;
}

/** Where a variable holds a secret, rather than an address, a path or a name. */
const secretPlaces = /^upstreams\.\d+\.(http\.headers\.|stdio\.(env|args)\.)|^plugins\.\d+\.config\./;
/** Headers that are secret also where their value stands in the file itself. */
const secretHeader = /auth|cookie|token|secret|key|pass|credential/i;
/** Words that are common in settings and logs would make messages unreadable. */
const shortest = 6;
/** A part of a path that nobody wrote by hand, as hosted servers have it in their addresses. */
const isRandom = (part: string) => part.length >= 16 && /\d/.test(part) && /[a-z]/i.test(part);

/**
 * Tells the mask what of the configuration is secret: what variables put into headers, environments, arguments and the
 * config of plugins, credentials in headers, and what URLs have of user, password, query and random parts of the path.
 */
export function learnSecrets(mask: SecretMask, filledIn: readonly FilledIn[], { upstreams }: ParsedConfig): void {
  const learn = (value: string) => value.length >= shortest && mask.learn(value);
  for (const { path, value } of filledIn) if (secretPlaces.test(path)) learn(value.trim());
  for (const { http } of upstreams) {
    for (const [name, value] of Object.entries(http?.headers ?? {})) {
      if (!secretHeader.test(name)) continue;
      learn(value);
      // `Bearer TOKEN`: servers repeat the token alone.
      learn(value.slice(value.indexOf(' ') + 1));
    }
    const url = URL.parse(http?.url ?? '');
    if (url === null) continue;
    for (const value of [url.username, url.password, ...url.searchParams.values()]) learn(value);
    for (const part of url.pathname.split('/').filter(isRandom)) learn(part);
  }
}
