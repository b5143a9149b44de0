import type { HostImports, LaneSide } from '../../../capability/lane/lane-side.ts';
import { interfaceOf } from '../../../contract/interface-name.ts';
import type { LanePlugin } from './message.ts';

/** What a plugin gets of an optional capability that it was not granted. Each use of it is told. */
export function deniedImports({ wit, denied = {} }: LaneSide, told: (what: string) => void): HostImports {
  const own = new Set(wit.map(interfaceOf));
  // Classes of resources stay as they are, and so does what another capability gives to everybody.
  const telling = ([name, answer]: [string, unknown]): [string, unknown] => {
    if (typeof answer !== 'function' || /^[A-Z]/.test(name)) return [name, answer];
    const use = (...given: unknown[]) => {
      told(`${name}: it was not granted`);
      return answer(...given);
    };
    return [name, use];
  };
  return Object.fromEntries(
    Object.entries(denied).map(([from, functions]) => [
      from,
      own.has(from) ? Object.fromEntries(Object.entries(functions).map(telling)) : functions,
    ]),
  );
}

/** What learning remembers in this lane, by plugin and capability. */
const memories = new Map<string, Map<string, unknown>>();

/** What a plugin that is learning gets of a capability: it is refused, and what it would have needed is told. */
export function learningImports(
  { name, learning }: LaneSide,
  { id }: LanePlugin,
  tell: (need: unknown) => void,
): HostImports {
  const key = `${id} ${name}`;
  const memory = memories.get(key) ?? new Map<string, unknown>();
  memories.set(key, memory);
  return learning?.imports(tell, memory) ?? {};
}
