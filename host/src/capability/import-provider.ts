import { interfaceOf } from '../contract/interface-name.ts';
import type { Capability } from './capability.ts';

/** Returns the capability that provides an import, and whether in the version that the component was built for. */
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
