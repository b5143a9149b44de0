import { authenticationHooks, federationHooks } from '../contract/hook-name.ts';
import { exportsOf, kinds, type PluginKind } from '../contract/kinds.ts';
import type { PluginDescriptor } from '../contract/plugin-descriptor.ts';
import { Fault, Faults } from '../core/fault.ts';
import { calledHooks } from '../mcp/methods.ts';
import type { InspectedComponent } from '../runtime/wasm/compile/inspect.ts';
import { contractMismatches } from './contract-mismatch.ts';

/**
 * Compares a descriptor with what the component exports and this gateway can call, and the types of all imports and
 * exports with the contract.
 * @throws Faults of `plugin_kind_unsupported`, `hook_unsupported`, `export_missing`, `contract_mismatch`
 */
export function checkContract(
  descriptor: PluginDescriptor,
  { exports, types }: Pick<InspectedComponent, 'exports' | 'types'>,
): void {
  const { id: plugin, kind, hooks } = descriptor;
  const expected = exportsOf(kind);
  const faults =
    kinds[kind].place === undefined
      ? [new Fault('plugin_kind_unsupported', { plugin, kind })]
      : [
          ...hooks
            .filter(hook => !hooksOf(kind).has(hook))
            .map(hook => new Fault('hook_unsupported', { plugin, hook })),
          ...expected
            .filter(name => !exports.includes(name))
            .map(name => new Fault('export_missing', { plugin, export: name })),
          ...contractMismatches(plugin, types, expected),
        ];
  if (faults.length > 0) throw new Faults(faults);
}

/** The hooks that plugins of a kind are called for. */
function hooksOf(kind: PluginKind): ReadonlySet<string> {
  const { place } = kinds[kind];
  if (place === 'identity') return new Set<string>(authenticationHooks);
  return place === 'federation' ? new Set<string>(federationHooks) : calledHooks;
}
