import type { Capability } from './capability.ts';

/** An import's name without its version: `sallyport:plugin/log` of `sallyport:plugin/log@0.1.0`. */
export const interfaceOf = (name: string): string => name.replace(/@.*$/, '');

/** Which capability provides an import, and whether it does so in the version that the component was built for. */
export function providerOf(
  capabilities: readonly Capability[],
  name: string,
): { readonly capability: Capability; readonly offered: string; readonly matches: boolean } | undefined {
  for (const capability of capabilities) {
    const offered = capability.wit.find(wit => interfaceOf(wit) === interfaceOf(name));
    if (offered !== undefined)
      return { capability, offered, matches: name === offered || name.startsWith(`${offered}.`) };
  }
  return undefined;
}
