import {
  ContractBroken,
  type HostImports,
  type LaneContext,
  type LaneSide,
} from '../../../capability/lane/lane-side.ts';
import { laneSides } from '../../../capability/lane-registry.ts';
import { argumentsCheck, camel } from '../../../contract/check-value.ts';
import { contractFunctions } from '../../../contract/generated/functions.ts';
import { interfaceOf } from '../../../contract/interface-name.ts';
import type { CallScope } from './call-scope.ts';
import type { LanePlugin } from './message.ts';

/** The gateway's thread, seen from a lane. */
export interface ToGateway {
  /** Returns what a job has used of the thread's CPU, in milliseconds; 0 in lanes where nothing waits. */
  cpuMs(job: number): number;
  /** Sends a request to the gateway's side of a capability. */
  ask(job: number, plugin: string, capability: string, request: unknown): Promise<unknown>;
  /** Sends the same, and holds up this thread until it is answered; in a process, returns a promise. */
  askNow(job: number, plugin: string, capability: string, request: unknown): unknown;
  /** The number of the lane. */
  readonly number: number;
  /** Reports what a plugin that is learning was refused. */
  refused(plugin: string, capability: string, need: unknown): void;
}

/**
 * Returns the host functions that one instance of a plugin gets: those of its capabilities, and stand-ins for those
 * that it was not granted.
 * @param scope returns the scope of the hook call that the instance runs
 */
export function guestImports(plugin: LanePlugin, scope: () => CallScope, gateway: ToGateway): HostImports {
  const imports: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const side of laneSides) {
    const { name } = side;
    if (plugin.denied.has(name)) {
      const [reason, why] = plugin.refusedInShadow.has(name)
        ? (['shadow', 'it cannot be used in shadow'] as const)
        : (['not_granted', 'it was not granted'] as const);
      const refuse = (what: string) => scope().refused(name, what, reason);
      const learn = (need: unknown) => {
        refuse(`${why}: ${JSON.stringify(need)}`);
        gateway.refused(plugin.id, name, need);
      };
      const refuseUse = (use: string) => refuse(`${use}: ${why}`);
      Object.assign(imports, plugin.learning ? learningImports(side, plugin, learn) : deniedImports(side, refuseUse));
    }
    if (plugin.granted.has(name)) {
      Object.assign(imports, side.imports(plugin.granted.get(name), laneContext(plugin, name, scope, gateway)));
    }
  }
  return checkedImports(imports);
}

function laneContext(plugin: LanePlugin, capability: string, scope: () => CallScope, gateway: ToGateway): LaneContext {
  const counted = (): number => {
    const call = scope();
    call.countHostCall(capability, gateway.cpuMs(call.job));
    return call.job;
  };
  return {
    plugin: plugin.id,
    log: (level, message) => scope().log(level, message),
    state: {
      get: key => scope().get(key),
      set: (key, value) => scope().set(key, value),
      getShared: key => scope().getShared(key),
      setShared: (key, value) => scope().setShared(key, value),
    },
    get tenant() {
      return scope().tenant;
    },
    get caller() {
      return scope().caller;
    },
    tell: said => scope().note(capability, said),
    refused: (what, reason = 'not_allowed') => scope().refused(capability, what, reason),
    ask: request => gateway.ask(counted(), plugin.id, capability, request),
    askNow: request => gateway.askNow(counted(), plugin.id, capability, request),
    lent: plugin.lent.get(capability),
    thread: gateway.number,
    countHostCall: () => void counted(),
  };
}

/** Returns what a plugin gets of a capability that it was not granted, or cannot use in shadow. Each use is refused. */
function deniedImports({ wit, denied = {} }: LaneSide, refuse: (what: string) => void): HostImports {
  const own = new Set(wit.map(interfaceOf));
  // Classes of resources stay as they are, and so do functions that another capability grants to every plugin.
  const refusing = ([name, answer]: [string, unknown]): [string, unknown] => {
    if (typeof answer !== 'function' || /^[A-Z]/.test(name)) return [name, answer];
    const use = (...given: unknown[]) => {
      refuse(name);
      return answer(...given);
    };
    return [name, use];
  };
  return Object.fromEntries(
    Object.entries(denied).map(([from, functions]) => [
      from,
      own.has(from) ? Object.fromEntries(Object.entries(functions).map(refusing)) : functions,
    ]),
  );
}

/** What learning remembers in this lane, by plugin and capability. */
const memories = new Map<string, Map<string, unknown>>();

/** Returns what a plugin that is learning gets of a capability: each use is refused, and what it needs is reported. */
function learningImports(
  { name, learning }: LaneSide,
  { id }: LanePlugin,
  report: (need: unknown) => void,
): HostImports {
  const key = `${id} ${name}`;
  const memory = memories.get(key) ?? new Map<string, unknown>();
  memories.set(key, memory);
  return learning?.imports(report, memory) ?? {};
}

/** Checks of arguments, by interface without version and by name in JavaScript. */
const checks = new Map(
  Object.entries(contractFunctions).map(([name, functions]) => [
    name.replace(/@.*$/, ''),
    new Map(Object.entries(functions).map(([of, type]) => [camel(of), argumentsCheck(type)])),
  ]),
);

type HostFunction = (...given: unknown[]) => unknown;

/**
 * Returns the same host functions, each of which checks its arguments before anything counts or keeps them, because the
 * glue makes these arguments from the component's own types. No name leads to what all objects have.
 */
function checkedImports(imports: HostImports): HostImports {
  const checked = Object.entries(imports).map(([from, functions]) => {
    const members = Object.entries(functions).map(([name, member]) => {
      const check = checks.get(from)?.get(name);
      return [name, check === undefined ? member : checking(`${from}#${name}`, member as HostFunction, check)];
    });
    return [from, withoutPrototype(members)] as const;
  });
  return withoutPrototype(checked);
}

function checking(name: string, run: HostFunction, check: ReturnType<typeof argumentsCheck>): HostFunction {
  return (...given) => {
    const wrong = check(given);
    if (wrong !== undefined) throw new ContractBroken(`${name}: ${wrong}`);
    return run(...given);
  };
}

const withoutPrototype = (members: readonly (readonly unknown[])[]) =>
  Object.assign(Object.create(null), Object.fromEntries(members as Iterable<readonly [string, never]>));
