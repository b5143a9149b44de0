import type { Facilities } from '../capability/facilities.ts';
import type { Config, PluginConfig } from '../config/config.ts';
import type { HookRunner } from '../contract/hook-call.ts';
import type { Log } from '../core/log.ts';
import type { PluginUsage } from '../core/plugin-usage.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { createHookChain } from '../hook/create-hook-chain.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import { PluginHealth } from '../hook/plugin-health.ts';
import type { Plugin } from '../plugin/plugin.ts';
import type { PluginRuntime } from '../runtime/runtime.ts';
import type { ReadyThreads } from '../runtime/wasm/pool/ready-threads.ts';

/** Stands between the chains and the lanes, where every call of a hook passes. */
export type Watch = (runner: HookRunner) => HookRunner;

interface RunContext {
  readonly config: Config;
  readonly runtime: PluginRuntime;
  readonly facilities: Facilities;
  readonly threads?: ReadyThreads | undefined;
  readonly watch?: Watch | undefined;
  readonly log: Log;
  readonly mask: SecretMask;
}

/** Loaded plugins in lanes of their own, and the chains that call them. Disposing ends the lanes. */
export interface RunningPlugins extends AsyncDisposable {
  readonly plugins: readonly Plugin[];
  /** Makes the chain of a binding. */
  chainOf(binding: Config['bindings'][number]): HookChain;
  usage(): ReadonlyMap<string, PluginUsage>;
}

/** Starts lanes for these plugins. @throws Faults: every plugin that does not start, and then none is left running */
export async function runPlugins(
  entries: readonly PluginConfig[],
  plugins: readonly Plugin[],
  { config, runtime, facilities, threads, watch = runner => runner, log, mask }: RunContext,
): Promise<RunningPlugins> {
  const { lanes, backlog } = config.limits;
  const prepared = plugins.map(plugin => plugin.prepared);
  const running = await runtime.open(prepared, facilities, { lanes, backlog, threads });
  const runner = watch(running);
  const hooked = plugins.flatMap(plugin => {
    const entry = entries.find(({ id }) => id === plugin.id);
    if (entry === undefined) return [];
    const { priority, on_error: onError, breaker } = entry;
    const { failures, open_ms: openMs } = breaker;
    return [{ ...plugin, priority, onError, health: new PluginHealth(plugin.id, log, { failures, openMs }) }];
  });
  return {
    plugins,
    chainOf({ transforms }) {
      const named = transforms.flatMap(name => hooked.find(({ id }) => id === name) ?? []);
      return createHookChain({ plugins: named, runner, log, mask });
    },
    usage: () => running.usage(),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
