import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { OpenapiDocument } from './document/openapi-document.ts';
import type { OpenapiEntry } from './openapi-entry.ts';

/** Characters of the URL of a server. */
const longest = 2_000;

/** The URL of a server without a trailing slash, or why it cannot be used. */
export type ServerUrl = { readonly base: string } | { readonly why: string };

/**
 * Returns where operations are sent: to `base_url`, unless they have servers of their own, or to the first server of the
 * document. A relative URL is relative to the URL of the document.
 */
export function serverUrl(
  document: Pick<OpenapiDocument, 'root' | 'url'>,
  entry: Pick<OpenapiEntry, 'base_url' | 'variables'>,
  own?: readonly JsonObject[],
): ServerUrl {
  if (own === undefined && entry.base_url !== undefined) return { base: entry.base_url.replace(/\/+$/, '') };
  const { servers } = document.root;
  const [server] = own ?? (Array.isArray(servers) ? servers.filter(isJsonObject) : []);
  const written = typeof server?.url === 'string' ? server.url : '/';
  if (written.length > longest) return { why: `its server has more than ${longest} characters` };
  const filled = filledIn(written, isJsonObject(server?.variables) ? server.variables : {}, entry.variables);
  if ('why' in filled) return filled;
  const from = entry.base_url ?? (/^https?:/.test(document.url) ? document.url : undefined);
  const url = URL.parse(filled.text, from);
  if (url === null) {
    const why = `its server is ${written}, and the document has no URL: set openapi.base_url to the URL of the API`;
    return { why: URL.canParse(filled.text, 'http://relative.invalid') ? why : `its server ${written} is not a URL` };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return { why: `its server ${written} is not http or https` };
  if (url.hostname.includes('*')) return { why: `its server ${written} has a wildcard instead of a host` };
  if (url.username !== '' || url.password !== '') return { why: 'the URL of its server contains a user or a password' };
  return { base: (url.origin + url.pathname).replace(/\/+$/, '') };
}

function filledIn(
  url: string,
  variables: JsonObject,
  stated: Readonly<Record<string, string>>,
): { readonly text: string } | { readonly why: string } {
  const problems: string[] = [];
  const text = url.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const variable = variables[name];
    const described = isJsonObject(variable) ? variable : {};
    const value = Object.hasOwn(stated, name) ? stated[name] : described.default;
    if (typeof value !== 'string') {
      problems.push(`its server has the variable ${name}: set it in openapi.variables`);
      return '';
    }
    if (Array.isArray(described.enum) && !described.enum.includes(value)) {
      problems.push(`the variable ${name} of its server is one of ${described.enum.join(', ')}`);
    }
    return value;
  });
  const [why] = problems;
  return why === undefined ? { text } : { why };
}
