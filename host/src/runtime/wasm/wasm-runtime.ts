import type { Capability } from '../../capability/capability.ts';
import type { VerifiedArtifact } from '../../contract/artifact.ts';
import { Faults } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import type { PluginLimits } from '../limits.ts';
import type { PluginRuntime } from '../runtime.ts';
import { compile } from './compile/compile.ts';
import { CompileCache } from './compile/compile-cache.ts';
import type { Component } from './compile/component.ts';
import { type InspectedComponent, inspect } from './compile/inspect.ts';
import { gatewayThread, waitingFault } from './inline/inline-plugins.ts';
import type { Isolation } from './lane/message.ts';
import { openLanes } from './open-lanes.ts';
import { openCapabilities } from './plugin-capabilities.ts';
import type { Refused } from './pool/lane-handle.ts';
import { isInline, type WasmPlugin } from './wasm-plugin.ts';

/** Runs plugins that are WebAssembly components. It is the only way from bytes to running guests. */
export interface WasmRuntime extends PluginRuntime<WasmPlugin> {
  /**
   * Reads the imports, exports and types of a component, after its size and names were checked.
   * @throws Fault `name_forbidden`, `component_*`, `feature_forbidden`
   */
  inspect(artifact: VerifiedArtifact): InspectedComponent;
  /**
   * Translates a component to JavaScript and core modules with limited memory.
   * @throws Fault `compile_failed`, `compile_timeout`, `memory_over_limit`, and the signal's reason
   */
  compile(
    component: InspectedComponent,
    limits: PluginLimits,
    isolation?: Isolation,
    signal?: AbortSignal,
  ): Promise<Component>;
}

interface WasmRuntimeOptions {
  readonly capabilities: readonly Capability[];
  readonly cacheDir?: string;
  readonly log: Log;
  /** Takes what plugins that are learning were refused. */
  readonly refused?: Refused | undefined;
}

/** Creates the runtime. It keeps compiled components in `cacheDir`, if there is one. */
export function createWasmRuntime(options: WasmRuntimeOptions): WasmRuntime {
  const { capabilities, cacheDir, log } = options;
  const cache = cacheDir === undefined ? undefined : new CompileCache(cacheDir, log);
  return {
    inspect,
    compile: (component, limits, isolation, signal) =>
      compile(component, { capabilities, limits, cache, isProcess: isolation === 'process', signal, log }),
    async check(plugins, facilities) {
      const opened = openCapabilities(plugins, { capabilities, log, facilities });
      const faults = plugins.filter(isInline).flatMap(({ id, grant: { granted } }) => {
        const lent = opened.get(id)?.lendTo(gatewayThread) ?? new Map();
        return waitingFault({ id, granted, lent });
      });
      for (const each of opened.values()) await each.close();
      if (faults.length > 0) throw new Faults(faults);
    },
    open: (plugins, facilities, runner = {}) => openLanes(plugins, { ...options, ...runner, facilities }),
  };
}
