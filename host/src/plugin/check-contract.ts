import type { PluginDescriptor } from '../contract/plugin-descriptor.ts';
import { Fault, Faults } from '../core/fault.ts';
import { calledHooks } from '../mcp/methods.ts';
import type { InspectedComponent } from '../runtime/wasm/sandbox.ts';
import { contractMismatches } from './contract-mismatch.ts';

/** What a plugin of each kind must export. Kinds that are not here cannot be used yet. */
const exportsOf: Partial<Readonly<Record<PluginDescriptor['kind'], readonly string[]>>> = {
  transform: ['sallyport:plugin/lifecycle@0.1.0', 'sallyport:plugin/dispatch-hooks@0.1.0'],
};

/**
 * Compares what a descriptor says with what the component exports and this gateway can call, and the types of all that
 * it imports and exports with the contract.
 * @throws Faults of `plugin_kind_unsupported`, `hook_unsupported`, `export_missing`, `contract_mismatch`
 */
export function checkContract(descriptor: PluginDescriptor, { exports, types }: InspectedComponent): void {
  const { id: plugin, kind, hooks } = descriptor;
  const due = exportsOf[kind];
  const faults =
    due === undefined
      ? [new Fault('plugin_kind_unsupported', { plugin, kind })]
      : [
          ...hooks.filter(hook => !calledHooks.has(hook)).map(hook => new Fault('hook_unsupported', { plugin, hook })),
          ...due
            .filter(name => !exports.includes(name))
            .map(name => new Fault('export_missing', { plugin, export: name })),
          ...contractMismatches(plugin, types, due),
        ];
  if (faults.length > 0) throw new Faults(faults);
}
