import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/**
 * Which upstream of a binding handed a uri out last: a resource that a tool names need not be in any list, and two
 * upstreams may list the same uri. It remembers a bounded number.
 */
export interface Origins {
  /** The id of the upstream. */
  of(uri: string): string | undefined;
  saw(uri: string, upstream: string): void;
  /** Says that the lists tell better whose it is. */
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
      // Deleted first, so that it becomes the newest.
      upstreams.delete(uri);
      upstreams.set(uri, upstream);
      const [oldest] = upstreams.keys();
      if (upstreams.size > most && oldest !== undefined) upstreams.delete(oldest);
    },
    forget: uri => void upstreams.delete(uri),
  };
}

/** The uris that a result hands out: links and embedded resources of tools and prompts, and what was read. */
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

/** The uri of the page that a tool is shown with (MCP Apps), in the form of today or of the drafts. */
export function pageOf({ _meta }: JsonObject): string | undefined {
  if (!isJsonObject(_meta)) return undefined;
  const uri = isJsonObject(_meta.ui) ? _meta.ui.resourceUri : _meta['ui/resourceUri'];
  return typeof uri === 'string' ? uri : undefined;
}

const listIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];
