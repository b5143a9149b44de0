import { type HeaderList, isHeaderValue } from '../../core/http-header.ts';
import { placeholderPattern } from './lane/placeholder.ts';
import type { Secrets } from './secrets.ts';

/** Who sends a request with secrets. */
export interface SecretSender {
  readonly plugin: string;
  /** The tenant for whose caller the plugin works. */
  readonly tenant: string | undefined;
}

/**
 * The headers of one request, with placeholders of secrets replaced by their values for the tenant: only those that the
 * plugin itself was given, only in the headers and for the origin that its grant lists. To be asked for each hop of a
 * redirect with the headers that the plugin wrote, and never for a URL that was not decided on.
 */
export function substituteSecrets(
  secrets: Secrets,
  sender: SecretSender,
  headers: HeaderList,
  url: URL,
): { readonly headers: [string, string][]; readonly used: ReadonlySet<string> } | { readonly refused: string } {
  const used = new Set<string>();
  let refused: string | undefined;
  const replaced = headers.map(([name, text]): [string, string] => [
    name,
    text.replace(placeholderPattern, placeholder => {
      const value = valueFor(secrets, sender, placeholder, name.toLowerCase(), url);
      if ('refused' in value) refused ??= value.refused;
      else used.add(value.text);
      return 'text' in value ? value.text : '';
    }),
  ]);
  return refused === undefined ? { headers: replaced, used } : { refused };
}

function valueFor(
  secrets: Secrets,
  { plugin, tenant }: SecretSender,
  placeholder: string,
  header: string,
  url: URL,
): { readonly text: string } | { readonly refused: string } {
  const reference = secrets.referenced(placeholder);
  if (reference === undefined || reference.plugin !== plugin) {
    return { refused: `header ${header} contains a placeholder that was not issued to this plugin` };
  }
  const { name, origins, headers } = reference;
  if (!headers.includes(header)) return { refused: `secret ${name} may not be sent in the header ${header}` };
  if (!origins.includes(url.origin)) return { refused: `secret ${name} may not be sent to ${url.origin}` };
  const text = secrets.read(name, tenant);
  if (text === undefined) return { refused: `secret ${name} has no value for this caller now` };
  if (!isHeaderValue(text)) return { refused: `secret ${name} contains characters that a header cannot hold` };
  return { text };
}
