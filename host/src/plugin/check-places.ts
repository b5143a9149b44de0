import type { Config } from '../config/config.ts';
import { kinds } from '../contract/kinds.ts';
import { Fault, Faults } from '../core/fault.ts';
import type { Plugin } from './plugin.ts';

const places = ['transforms', 'policies'] as const;

/**
 * Refuses plugins in a list of a binding that is for plugins of another kind, where they would not be called.
 * @throws Faults of `plugin_misplaced`
 */
export function checkPlaces(
  { bindings }: Pick<Config, 'bindings'>,
  plugins: readonly Pick<Plugin, 'id' | 'kind'>[],
): void {
  const faults = bindings.flatMap(binding =>
    places.flatMap(place =>
      binding[place].flatMap(id => {
        const plugin = plugins.find(each => each.id === id);
        if (plugin === undefined || kinds[plugin.kind].place === place) return [];
        const { kind } = plugin;
        const hint = `move it from \`${place}\` to \`${kinds[kind].place}\``;
        return [new Fault('plugin_misplaced', { plugin: id, kind, binding: binding.id, hint })];
      }),
    ),
  );
  if (faults.length > 0) throw new Faults(faults);
}
