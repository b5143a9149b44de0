import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { placeholderPattern, placeholderPrefix } from './secrets.ts';

/** Names of secrets by placeholder. A plugin that asks for secrets has its lane to itself, and so this too. */
const names = new Map<string, string>();
const mostRemembered = 256;

/** A placeholder that stands for nothing: who is learning gets it, so that it is seen where the secret was to go. */
export function worthlessPlaceholder(name: string): string {
  const placeholder = `${placeholderPrefix}${randomBytes(24).toString('base64url')}`;
  if (names.size < mostRemembered) names.set(placeholder, name);
  return placeholder;
}

/** The secrets whose worthless placeholders stand in headers, and in which. */
export const secretsIn = (headers: readonly (readonly [string, string])[]): { name: string; header: string }[] =>
  headers.flatMap(([header, text]) =>
    [...text.matchAll(placeholderPattern)].flatMap(([placeholder]) => {
      const name = names.get(placeholder);
      return name === undefined ? [] : [{ name, header: header.toLowerCase().slice(0, 64) }];
    }),
  );

const sentSchema = z.object({
  url: z.string().refine(text => URL.canParse(text)),
  secrets: z.array(z.object({ name: z.string(), header: z.string() })),
});

/** Nobody can be reached there (RFC 2606): it lets a reference be made, and used nowhere. */
const nowhere = 'https://unknown.invalid';

/** Where a secret was seen to go, from what was recorded of requests. */
export function usesOf(name: string, requests: readonly unknown[] = []): { origins: string[]; headers?: string[] } {
  const sent = requests.flatMap(request => sentSchema.safeParse(request).data ?? []);
  const sending = sent.filter(({ secrets }) => secrets.some(secret => secret.name === name));
  if (sending.length === 0) return { origins: [nowhere] };
  const headers = sending.flatMap(({ secrets }) => secrets.filter(each => each.name === name).map(each => each.header));
  return {
    origins: [...new Set(sending.map(({ url }) => new URL(url).origin))].sort(),
    headers: [...new Set(headers)].sort(),
  };
}
