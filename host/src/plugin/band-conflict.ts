import type { Config } from '../config/config.ts';
import { hooksOfPath, overlap } from '../contract/written-path.ts';
import { Fault, Faults } from '../core/fault.ts';
import type { Plugin } from './plugin.ts';

type BandSettings = Pick<Config, 'bindings' | 'plugins' | 'plugin_settings'>;
type Writer = Pick<Plugin, 'id' | 'hooks' | 'writes'>;

/**
 * Refuses plugins that would run at the same time in a binding and declare that they change the same path.
 * @throws Faults of `band_conflict`, each with both plugins and the path
 */
export function checkBands({ bindings, plugins, plugin_settings }: BandSettings, loaded: readonly Writer[]): void {
  if (!plugin_settings.parallel_execution_within_band) return;
  const counting = plugins.filter(({ mode, isPriorityStated }) => {
    return isPriorityStated === true && (mode === 'enforce' || mode === 'permissive');
  });
  const faults = new Map<string, Fault>();
  for (const { id: binding, transforms } of bindings) {
    const members = counting.filter(({ id }) => transforms.includes(id));
    for (const [place, one] of members.entries()) {
      for (const other of members.slice(place + 1)) {
        const path = one.priority === other.priority ? sharedPath(one.id, other.id, loaded) : undefined;
        if (path === undefined) continue;
        const hint = `give ${one.id} and ${other.id} different priorities`;
        const details = { plugin: one.id, other: other.id, path, priority: one.priority, binding, hint };
        faults.set(`${one.id} ${other.id}`, new Fault('band_conflict', details));
      }
    }
  }
  if (faults.size > 0) throw new Faults([...faults.values()]);
}

/** Returns a path that both plugins declare, at a hook that both have. */
function sharedPath(one: string, other: string, loaded: readonly Writer[]): string | undefined {
  const [first, second] = [one, other].map(id => loaded.find(plugin => plugin.id === id));
  if (first === undefined || second === undefined) return undefined;
  return first.writes.find(path =>
    second.writes.some(
      written =>
        overlap(path, written) && hooksOfPath(path).some(hook => first.hooks.has(hook) && second.hooks.has(hook)),
    ),
  );
}
