import type { Capability, Hear, HeardCall, Serve, ServeContext } from '../../capability/capability.ts';
import type { Facilities } from '../../capability/facilities.ts';
import type { Grant } from '../../capability/grant.ts';
import { recordRefusal } from '../../capability/refusal.ts';
import type { Caller, ChainInput, Note, UpstreamRequest } from '../../contract/hook-call.ts';
import { type Fault, Faults, toFaults } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';

/** The gateway's side of one plugin's capabilities. */
export interface Serving {
  /** Answers what a lane asks, by capability. */
  readonly serves: ReadonlyMap<string, Serve>;
  /** Takes what its lane told when a call was over. */
  hear(note: Note, call: HeardCall): void;
  /** What it may see of a caller; undefined when that is nothing. */
  shown(caller: Caller, request?: UpstreamRequest): Caller | undefined;
  close(): Promise<void>;
}

interface Served {
  readonly id: string;
  readonly grant: Grant;
}

interface ServingOptions {
  readonly capabilities: readonly Capability[];
  readonly facilities: Facilities;
  readonly log: Log;
}

/** The gateway's side of all plugins, by id. @throws Faults of every plugin whose capabilities cannot be opened */
export function servingsOf(plugins: readonly Served[], on: ServingOptions): ReadonlyMap<string, Serving> {
  const servings = new Map<string, Serving>();
  const faults: Fault[] = [];
  for (const plugin of plugins) {
    try {
      servings.set(plugin.id, servingOf(plugin, on));
    } catch (error) {
      faults.push(...toFaults(error));
    }
  }
  if (faults.length === 0) return servings;
  for (const serving of servings.values()) void serving.close();
  throw new Faults(faults);
}

function servingOf({ id: plugin, grant }: Served, on: ServingOptions): Serving {
  const closing: (() => Promise<void> | void)[] = [];
  const serves = new Map<string, Serve>();
  const hears = new Map<string, Hear>();
  const granted = on.capabilities.filter(({ name }) => grant.granted.has(name));
  for (const { name: capability, serve, hear } of granted) {
    const context: ServeContext = {
      ...on.facilities,
      plugin,
      log: on.log,
      refused: (what, call, reason = 'not_allowed') =>
        recordRefusal(on.facilities, { plugin, capability, refused: { what, reason } }, call),
      defer: close => void closing.push(close),
    };
    const argument = grant.granted.get(capability);
    if (serve !== undefined) serves.set(capability, serve(argument, context));
    if (hear !== undefined) hears.set(capability, hear(argument, context));
  }
  const showing = granted.filter(({ shows }) => shows !== undefined);
  return {
    serves,
    hear({ capability, refused, said }, call) {
      try {
        if (refused !== undefined) recordRefusal(on.facilities, { plugin, capability, refused }, call);
        else hears.get(capability)?.(said, call);
      } catch (error) {
        on.log.error({ plugin, capability, reason: String(error) }, 'ignoring an invalid note from a lane');
      }
    },
    shown: (caller, request) =>
      showing.length === 0
        ? undefined
        : Object.assign({}, ...showing.map(({ name, shows }) => shows?.(grant.granted.get(name), caller, request))),
    async close() {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}

/** Adds to the input what each plugin may see of the caller. */
export function showCaller(input: ChainInput, servings: ReadonlyMap<string, Serving>): ChainInput {
  const { caller, upstreamRequest } = input;
  if (caller === undefined) return input;
  let shown: Map<string, Caller> | undefined;
  for (const { plugin } of input.calls) {
    const part = servings.get(plugin)?.shown(caller, upstreamRequest);
    if (part === undefined) continue;
    shown ??= new Map();
    shown.set(plugin, part);
  }
  return shown === undefined ? input : { ...input, shown };
}
