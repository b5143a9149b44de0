/** The name of the upstream's one tool. */
export const toolName = 'text';

/** The address in each text. */
export const address = 'alice@example.com';

/** ASCII text of `size` bytes with one e-mail address in the middle. */
export function sampleText(size: number): string {
  const words = 'the quick brown fox jumps over the lazy dog '.repeat(Math.ceil(size / 44) + 1);
  const half = Math.max(0, Math.floor((size - address.length - 2) / 2));
  return `${words.slice(0, half)} ${address} ${words.slice(half)}`.slice(0, size);
}
