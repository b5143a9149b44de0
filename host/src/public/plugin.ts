/** Loading plugins, comparing them with the contract, and running them. */

export { checkContract } from '../plugin/check-contract.ts';
export { loadPlugins } from '../plugin/load.ts';
export type { Plugin } from '../plugin/plugin.ts';
export { checkConfig } from '../plugin/plugin-config.ts';
export { composeRuns } from '../runtime/compose-runs.ts';
export { defaultLimits, type PluginLimits } from '../runtime/limits.ts';
export type { PluginRunner } from '../runtime/runtime.ts';
export type { Component } from '../runtime/wasm/compile/component.ts';
export { freeReferences } from '../runtime/wasm/glue/free-identifiers.ts';
export { createWasmRuntime, type WasmRuntime } from '../runtime/wasm/wasm-runtime.ts';
