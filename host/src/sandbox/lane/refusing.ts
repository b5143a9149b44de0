import { type Capability, type HostImports, LimitExceeded } from '../../capability/capability.ts';
import { interfaceOf } from '../../capability/provides.ts';
import type { LanePlugin } from './message.ts';

/**
 * What a plugin gets of a capability that it was not granted. While it is learning, what it asked for is told; and
 * where the contract has no error to answer with, the call ends, with cause `limit`.
 */
export function refusingImports(
  capability: Capability,
  plugin: LanePlugin,
  tell: (need: unknown) => void,
): HostImports | undefined {
  if (!plugin.learning) return capability.denied;
  return capability.learning?.imports(tell) ?? capability.denied ?? endingImports(capability);
}

/** Whatever function is looked for is there, and ends the call. */
function endingImports({ name, wit, asyncImports = [] }: Capability): HostImports {
  const refuse = () => {
    throw new LimitExceeded(`${name} is not granted: what the plugin asks for is recorded, and refused`);
  };
  const refuseLater = async () => refuse();
  const functions = (from: string) =>
    new Proxy(Object.create(null) as Readonly<Record<string, unknown>>, {
      get: (_, key) =>
        asyncImports.some(each => each.startsWith(`${from}#`) && camelCase(each) === key) ? refuseLater : refuse,
    });
  return Object.fromEntries(wit.map(interfaceOf).map(each => [each, functions(each)]));
}

/** The name that jco gives to a function: `nowMs` of `sallyport:plugin/clock#now-ms`. */
const camelCase = (name: string): string =>
  name.replace(/^.*#/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
