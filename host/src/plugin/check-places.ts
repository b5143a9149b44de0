import type { Config } from '../config/config.ts';
import { authenticationHooks } from '../contract/hook-name.ts';
import { kinds } from '../contract/kinds.ts';
import { Fault, Faults } from '../core/fault.ts';
import type { Plugin } from './plugin.ts';

const places = ['transforms', 'policies'] as const;

/**
 * Refuses plugins in a list that is for plugins of another kind, where they would not be called.
 * @throws Faults of `plugin_misplaced`
 */
export function checkPlaces(
  { bindings, identity, federation }: Pick<Config, 'bindings' | 'identity' | 'federation'>,
  plugins: readonly Pick<Plugin, 'id' | 'kind' | 'hooks'>[],
): void {
  const faults = [
    ...inBindings(bindings, plugins),
    ...inIdentity(identity, plugins),
    ...inFederation(federation, plugins),
  ];
  if (faults.length > 0) throw new Faults(faults);
}

const inBindings = (bindings: Config['bindings'], plugins: readonly Pick<Plugin, 'id' | 'kind'>[]): readonly Fault[] =>
  bindings.flatMap(binding =>
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

const inFederation = (
  federation: Config['federation'],
  plugins: readonly Pick<Plugin, 'id' | 'kind'>[],
): readonly Fault[] =>
  federation.flatMap(plugin => {
    const kind = plugins.find(({ id }) => id === plugin)?.kind;
    // Without it, every upstream could join.
    if (kind === undefined)
      return [new Fault('config_invalid', { path: 'federation', message: `unknown plugin: ${plugin}` })];
    const { place } = kinds[kind];
    if (place === 'federation') return [];
    return [
      new Fault('plugin_misplaced', { plugin, kind, hint: `move it from \`federation\` to ${placeName(place)}` }),
    ];
  });

/** Returns the name of a place, as a hint has it. */
const placeName = (place: (typeof kinds)[keyof typeof kinds]['place']): string =>
  place === 'transforms' || place === 'policies' ? `\`${place}\` of a binding` : `\`${place}\``;

function inIdentity(
  identity: Config['identity'],
  plugins: readonly Pick<Plugin, 'id' | 'kind' | 'hooks'>[],
): readonly Fault[] {
  if (typeof identity !== 'object') return [];
  const schemes = identity.schemes.flatMap(({ plugin }) => (plugin === undefined ? [] : [plugin.id]));
  const checks = identity.checks.map(({ plugin }) => plugin);
  return plugins.flatMap(({ id: plugin, kind, hooks }) => {
    if (!schemes.includes(plugin) && !checks.includes(plugin)) return [];
    const { place } = kinds[kind];
    if (place !== 'identity') {
      return [
        new Fault('plugin_misplaced', { plugin, kind, hint: `move it from \`identity\` to ${placeName(place)}` }),
      ];
    }
    if (!checks.includes(plugin) || authenticationHooks.some(hook => hooks.has(hook))) return [];
    const hint = `remove it from \`identity.checks\`: it has none of the hooks ${authenticationHooks.join(', ')}`;
    return [new Fault('plugin_misplaced', { plugin, kind, hint })];
  });
}
