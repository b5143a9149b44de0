import { newPlaceholder, placeholderPattern } from './placeholder.ts';

/** Names of secrets by placeholder. A plugin that asks for secrets has its lane to itself, and so this too. */
const names = new Map<string, string>();
const mostRemembered = 256;

/** A placeholder that stands for nothing: who is learning gets it, so that it is seen where the secret was to go. */
export function worthlessPlaceholder(name: string): string {
  const placeholder = newPlaceholder();
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
