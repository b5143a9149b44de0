import type { PluginConfig } from '../config/config.ts';
import type { PluginDescriptor } from '../contract/plugin-descriptor.ts';
import { Fault, Faults, fail } from '../core/fault.ts';
import { isJsonObject, type Json, type JsonObject, nameOfStep } from '../core/json.ts';
import { schemaErrors } from '../core/json-schema.ts';
import { nearest } from '../core/nearest.ts';

/**
 * Returns the operator's `config`, or else the descriptor's `default_config`, validated against its `config_schema`.
 * @throws Faults of `plugin_config_invalid`: every problem, with its place in the file where `place` knows it
 */
export function checkConfig(
  config: unknown,
  { config_schema, default_config }: PluginDescriptor,
  place?: PluginConfig['configPlace'],
): JsonObject {
  const given = config ?? default_config ?? {};
  if (!isJsonObject(given)) return fail('plugin_config_invalid', { reason: 'config is not a JSON object' });
  if (config_schema === undefined) return given;
  const schema = config_schema as JsonObject;
  const errors = schemaErrors(schema, given);
  if ('unusable' in errors) {
    return fail('plugin_config_invalid', { reason: `the config_schema of the plugin cannot be used: ${errors.why}` });
  }
  if (errors.length === 0) return given;
  throw new Faults(
    errors.map(({ at, reason, isUnknown }) => {
      const path = at
        .split('/')
        .slice(1)
        .map(step => nameOfStep(decodeURIComponent(step)));
      const own = path.at(-1);
      if (!isUnknown || own === undefined) {
        return new Fault('plugin_config_invalid', { path: path.join('.'), reason, ...place?.(path) });
      }
      const holder = path.slice(0, -1);
      const known = membersAt(schema, holder);
      const meant = nearest(own, known);
      const hint = meant ? `did you mean ${meant}?` : `known keys: ${known.join(', ') || 'none'}`;
      const details = { path: path.join('.'), reason: `unknown key ${own}`, hint, ...place?.(holder, own) };
      return new Fault('plugin_config_invalid', details);
    }),
  );
}

/** Returns the names that the schema gives to the members of the value at `path`. */
function membersAt(schema: JsonObject, path: readonly string[]): readonly string[] {
  const found = path.reduce<Json | undefined>((holder, step) => {
    if (!isJsonObject(holder)) return undefined;
    const { properties, items } = holder;
    return isJsonObject(properties) && properties[step] !== undefined ? properties[step] : items;
  }, schema);
  const properties = isJsonObject(found) ? found.properties : undefined;
  return isJsonObject(properties) ? Object.keys(properties) : [];
}
