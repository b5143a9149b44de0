import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/**
 * Remembers which upstream of a binding handed out a URI last: a resource that a tool names need not be in any list,
 * and two upstreams may list the same URI. The number of entries is bounded.
 */
export interface Origins {
  /** Returns the id of the upstream. */
  of(uri: string): string | undefined;
  saw(uri: string, upstream: string): void;
  /** Forgets a URI, because the lists say who owns it. */
  forget(uri: string): void;
}

const most = 1_000;
const longestUri = 2_048;

export function createOrigins(): Origins {
  const upstreams = new Map<string, string>();
  return {
    of: uri => upstreams.get(uri),
    saw(uri, upstream) {
      if (uri.length > longestUri) return;
      // Delete it first, so that it becomes the newest.
      upstreams.delete(uri);
      upstreams.set(uri, upstream);
      const [oldest] = upstreams.keys();
      if (upstreams.size > most && oldest !== undefined) upstreams.delete(oldest);
    },
    forget: uri => void upstreams.delete(uri),
  };
}

/** Lists the URIs that a result hands out: links and embedded resources of tools and prompts, and resources read. */
export function urisIn({ content, messages, contents }: JsonObject): readonly string[] {
  return [
    ...listIn(content).map(uriOf),
    ...listIn(messages).flatMap(({ content }) => (isJsonObject(content) ? [content] : listIn(content)).map(uriOf)),
    ...listIn(contents).map(({ uri }) => uri),
  ].filter(uri => typeof uri === 'string');
}

const uriOf = ({ type, uri, resource }: JsonObject): Json | undefined => {
  if (type === 'resource_link') return uri;
  return type === 'resource' && isJsonObject(resource) ? resource.uri : undefined;
};

/** Returns the URI of a tool's UI page (MCP Apps), in the current form or that of the drafts. */
export function pageOf({ _meta }: JsonObject): string | undefined {
  if (!isJsonObject(_meta)) return undefined;
  const uri = isJsonObject(_meta.ui) ? _meta.ui.resourceUri : _meta['ui/resourceUri'];
  return typeof uri === 'string' ? uri : undefined;
}

const listIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];
