import type { HookName } from '../contract/hook-name.ts';
import type { PluginDescriptor } from '../contract/plugin-descriptor.ts';
import { Fault, Faults } from '../core/fault.ts';
import { nearest } from '../core/nearest.ts';

/**
 * Returns the hooks that a plugin is called for: those that the operator chose, or all of its descriptor.
 * @throws Faults of `hook_undeclared`
 */
export function chosenHooks(
  chosen: readonly HookName[] | undefined,
  { id: plugin, hooks }: PluginDescriptor,
): ReadonlySet<HookName> {
  const faults = (chosen ?? [])
    .filter(hook => !hooks.includes(hook))
    .map(hook => {
      const meant = nearest(hook, hooks);
      const hint = meant === undefined ? `its hooks: ${hooks.join(', ') || 'none'}` : `did you mean ${meant}?`;
      return new Fault('hook_undeclared', { plugin, hook, hint });
    });
  if (faults.length > 0) throw new Faults(faults);
  return new Set(chosen ?? hooks);
}
