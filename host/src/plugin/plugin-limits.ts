import type { PluginDescriptor } from '../contract/plugin-descriptor.ts';
import { Fault, Faults } from '../core/fault.ts';
import { defaultLimits, inlineFuel, type PluginLimits } from '../runtime/limits.ts';
import type { Isolation } from '../runtime/wasm/lane/message.ts';

const MiB = 2 ** 20;

/** Limits that a descriptor may state. */
type Settled = 'memory_mib' | 'timeout_ms' | 'cpu_ms';

/** `limits.plugin`, and the plugin's own `limits`, in the operator's file. */
export interface LimitSettings {
  readonly all: {
    readonly memory_mib: number;
    readonly timeout_ms: number;
    readonly cpu_ms: number;
    readonly fuel?: number | undefined;
    readonly start_ms: number;
    readonly log_lines: number;
    readonly log_bytes: number;
    readonly state_bytes: number;
    readonly payload_bytes: number;
    readonly host_calls: number;
  };
  readonly own: Readonly<Partial<Record<Settled | 'fuel', number | undefined>>>;
}

/**
 * Returns the limits of one plugin. A descriptor that asks for less than the default gets less; only the operator can
 * grant more.
 * @throws Faults of `limit_ungranted`
 */
export function pluginLimits(
  descriptor: PluginDescriptor,
  { all, own }: LimitSettings,
  isolation?: Isolation,
): PluginLimits {
  const faults: Fault[] = [];
  const settle = (name: Settled): number => {
    const allowed = own[name] ?? all[name];
    const asked = descriptor.limits?.[name] ?? allowed;
    if (asked > allowed) {
      const hint = `if you agree, add this line to ${descriptor.id} in the configuration:\nlimits: { ${name}: ${asked} }`;
      faults.push(new Fault('limit_ungranted', { plugin: descriptor.id, limit: name, asked, allowed, hint }));
    }
    return own[name] ?? Math.min(asked, allowed);
  };
  // A descriptor states none, because a unit belongs to the gateway's rewriting and not to the contract.
  const fuel = own.fuel ?? all.fuel ?? (isolation === 'inline' ? inlineFuel : undefined);
  const limits: PluginLimits = {
    memoryBytes: settle('memory_mib') * MiB,
    timeoutMs: settle('timeout_ms'),
    cpuMs: settle('cpu_ms'),
    ...(fuel !== undefined && { fuel }),
    startMs: all.start_ms,
    compileMs: defaultLimits.compileMs,
    logLines: all.log_lines,
    logBytes: all.log_bytes,
    stateBytes: all.state_bytes,
    payloadBytes: all.payload_bytes,
    hostCalls: all.host_calls,
  };
  if (faults.length > 0) throw new Faults(faults);
  return limits;
}
