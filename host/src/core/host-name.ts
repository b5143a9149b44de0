/** Returns a Host header without its port. */
export const withoutPort = (host: string): string => host.replace(/:\d+$/, '');

/**
 * Finds the name that a Host header means among known ones, which are in lower case, with a port if only that port is
 * meant. A trailing dot makes it another name: no client sends one for a name that the operator wrote without.
 */
export function knownHost(header: string | undefined, known: { has(name: string): boolean }): string | undefined {
  if (header === undefined) return undefined;
  const name = header.toLowerCase();
  if (known.has(name)) return name;
  const bare = withoutPort(name);
  return known.has(bare) ? bare : undefined;
}
