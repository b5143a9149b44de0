import { canonicalJson } from '../../core/canonical-json.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Config } from '../config.ts';
import { shownValue } from './shown-value.ts';

/** Stands for a text that could be a secret. */
const stars = '***';

/**
 * Returns the configuration as a reader may see it: texts that could be secrets are replaced, and what the gateway notes
 * about an entry is left out.
 */
export function shownConfig({ mask, overlay: _overlay, ...config }: Config): JsonObject {
  const plugins = config.plugins.map(({ overrides: _, configPlace: __, isPriorityStated: ___, ...plugin }) => plugin);
  const upstreams = config.upstreams.map(({ confined: _, ...upstream }) => upstream);
  const shown = shownIn({ ...config, plugins, upstreams }, []);
  return mask.value(isJsonObject(shown) ? shown : {});
}

/** Returns the digest of the configuration as a reader may see it, in canonical JSON. It says nothing about secrets. */
export const configDigest = (config: Config): Digest => digestOf(Buffer.from(canonicalJson(shownConfig(config))));

/** Returns an entry of a list in the same way. */
export const shownEntry = (list: string, entry: object): JsonObject => shownIn(entry, [list, '*']) as JsonObject;

function shownIn(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map(each => shownIn(each, [...path, '*']));
  if (isJsonObject(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined && typeof member !== 'function');
    return Object.fromEntries(members.map(([name, member]) => [name, shownIn(member, [...path, name])]));
  }
  if (typeof value !== 'string') return shownValue(path.join('.'), value) === undefined ? stars : value;
  const shown = shownValue(path.join('.'), value);
  if (shown === undefined) return stars;
  // What is shown of a URL leaves out its user and its query.
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? shown : value;
}
