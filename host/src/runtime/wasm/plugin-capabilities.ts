import type { Capability, Hear, HeardCall, Lent, Serve, ServeContext } from '../../capability/capability.ts';
import type { Facilities } from '../../capability/facilities.ts';
import type { Grant } from '../../capability/grant.ts';
import { recordRefusal } from '../../capability/refusal.ts';
import { shadowFacilities } from '../../capability/shadow.ts';
import type { Caller, ChainInput, Note, UpstreamRequest } from '../../contract/hook-call.ts';
import { type Fault, Faults, toFaults } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';

/** The gateway's side of the capabilities of one plugin. */
export interface PluginCapabilities {
  /** Answers the requests of its lane, by capability. */
  readonly serves: ReadonlyMap<string, Serve>;
  /** What its lanes use directly, by capability. */
  readonly lent: ReadonlyMap<string, Lent>;
  /** Returns what the thread with this number uses directly, by capability. */
  lendTo(thread: number): ReadonlyMap<string, unknown>;
  /** The tenants whose calls must not share an instance with others. */
  readonly tenantsApart: ReadonlySet<string>;
  /** Whether it may see anything of a caller. */
  readonly seesCaller: boolean;
  /** Returns what it may see of a caller; undefined if that is nothing. */
  shown(caller: Caller, request?: UpstreamRequest): Caller | undefined;
  /** Hands a note of a hook call to the capability that left it. */
  deliver(note: Note, call: HeardCall): void;
  close(): Promise<void>;
}

interface GrantedPlugin {
  readonly id: string;
  readonly grant: Grant;
}

interface CapabilitiesOptions {
  readonly capabilities: readonly Capability[];
  readonly facilities: Facilities;
  readonly log: Log;
}

/**
 * Opens the gateway's side of the capabilities of these plugins. Returns them by the id of the plugin.
 * @throws Faults of every plugin whose capabilities cannot be opened; then none is left open
 */
export function openCapabilities(
  plugins: readonly GrantedPlugin[],
  options: CapabilitiesOptions,
): ReadonlyMap<string, PluginCapabilities> {
  const opened = new Map<string, PluginCapabilities>();
  const faults: Fault[] = [];
  for (const plugin of plugins) {
    try {
      opened.set(plugin.id, capabilitiesOf(plugin, options));
    } catch (error) {
      faults.push(...toFaults(error));
    }
  }
  if (faults.length === 0) return opened;
  for (const each of opened.values()) void each.close();
  throw new Faults(faults);
}

function capabilitiesOf(
  { id: plugin, grant }: GrantedPlugin,
  { capabilities, facilities, log }: CapabilitiesOptions,
): PluginCapabilities {
  const closing: (() => Promise<void> | void)[] = [];
  const serves = new Map<string, Serve>();
  const lent = new Map<string, Lent>();
  const receivers = new Map<string, Hear>();
  const apart = new Set<string>();
  const granted = capabilities.filter(({ name }) => grant.granted.has(name));
  for (const { name: capability, serve, lends, hear, tenantsApart } of granted) {
    const context: ServeContext = {
      ...(grant.isShadow ? shadowFacilities(facilities) : facilities),
      plugin,
      log,
      refused: (what, call, reason = 'not_allowed') =>
        recordRefusal(facilities, { plugin, capability, refused: { what, reason } }, call),
      defer: close => void closing.push(close),
    };
    const argument = grant.granted.get(capability);
    if (serve !== undefined) serves.set(capability, serve(argument, context));
    for (const tenant of tenantsApart?.(argument, context) ?? []) apart.add(tenant);
    const loan = lends?.(argument, context);
    if (loan !== undefined) lent.set(capability, loan);
    // What a note would do has an effect, so the notes of a plugin in shadow are discarded.
    if (hear !== undefined && !grant.isShadow) receivers.set(capability, hear(argument, context));
  }
  const showing = granted.filter(({ shows }) => shows !== undefined);
  return {
    serves,
    lent,
    tenantsApart: apart,
    lendTo: thread => new Map([...lent].map(([capability, loan]) => [capability, loan.lend(thread)])),
    seesCaller: showing.length > 0,
    shown: (caller, request) =>
      showing.length === 0
        ? undefined
        : Object.assign({}, ...showing.map(({ name, shows }) => shows?.(grant.granted.get(name), caller, request))),
    deliver({ capability, refused, said }, call) {
      try {
        if (refused !== undefined) recordRefusal(facilities, { plugin, capability, refused }, call);
        else receivers.get(capability)?.(said, call);
      } catch (error) {
        log.error({ plugin, capability, reason: String(error) }, 'ignoring an invalid note from a lane');
      }
    },
    async close() {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}

/** Adds to the input what each plugin may see of the caller. */
export function showCaller(input: ChainInput, capabilities: ReadonlyMap<string, PluginCapabilities>): ChainInput {
  const { caller, upstreamRequest } = input;
  if (caller === undefined) return input;
  let shown: Map<string, Caller> | undefined;
  for (const { plugin } of input.calls) {
    const part = capabilities.get(plugin)?.shown(caller, upstreamRequest);
    if (part === undefined) continue;
    shown ??= new Map();
    shown.set(plugin, part);
  }
  return shown === undefined ? input : { ...input, shown };
}
