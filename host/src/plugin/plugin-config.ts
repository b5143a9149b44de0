import type { ConfigPlace, PluginConfig } from '../config/config.ts';
import type { PluginDescriptor } from '../contract/plugin-descriptor.ts';
import { Fault, Faults } from '../core/fault.ts';
import { isJsonObject, type Json, type JsonObject, nameOfStep } from '../core/json.ts';
import { schemaErrors } from '../core/json-schema.ts';
import { nearest } from '../core/nearest.ts';

/** The configurations of a plugin: that of all callers, and the whole one of each tenant for which it differs. */
export interface PluginConfigs {
  readonly config: JsonObject;
  readonly tenantConfigs: ReadonlyMap<string, JsonObject>;
}

/**
 * Returns the operator's `config`, or else the descriptor's `default_config`, validated against its `config_schema`.
 * @throws Faults of `plugin_config_invalid`: every problem, with its place in the file where `place` knows it
 */
export const checkConfig = (config: unknown, descriptor: PluginDescriptor, place?: ConfigPlace): JsonObject =>
  checkConfigs({ config, ...(place !== undefined && { configPlace: place }) }, descriptor).config;

/**
 * Returns the same, and for each tenant with overrides the configuration in which their members have replaced those of
 * the same name.
 * @throws Faults of `plugin_config_invalid`: every problem of all of them
 */
export function checkConfigs(
  { config: stated, configPlace, overrides = [] }: Pick<PluginConfig, 'config' | 'configPlace' | 'overrides'>,
  descriptor: PluginDescriptor,
): PluginConfigs {
  const config = stated ?? descriptor.default_config ?? {};
  if (!isJsonObject(config)) {
    throw new Faults([new Fault('plugin_config_invalid', { reason: 'config is not a JSON object' })]);
  }
  const schema = descriptor.config_schema as JsonObject | undefined;
  const problems = problemsOf(config, schema, configPlace);
  const faults = problems.map(({ fault }) => fault);
  const tenantConfigs = new Map<string, JsonObject>();
  for (const { tenant, config: members, configPlace: ownPlace } of overrides) {
    const own = { ...config, ...(members as JsonObject) };
    tenantConfigs.set(tenant, own);
    const isOwn = ([first]: readonly string[]) => first !== undefined && Object.hasOwn(members, first);
    // A problem elsewhere is that of the override as a whole.
    const placeOf: ConfigPlace = (path, key) =>
      isOwn(path.map(String)) || path.length === 0 ? ownPlace(path, key) : ownPlace([]);
    for (const { path, fault } of problemsOf(own, schema, placeOf)) {
      if (problems.length === 0 || isOwn(path)) faults.push(fault.with({ tenant }));
    }
  }
  if (faults.length > 0) throw new Faults(faults);
  return { config, tenantConfigs };
}

interface ConfigProblem {
  readonly path: readonly string[];
  readonly fault: Fault;
}

/** Lists why a configuration does not match the schema of its plugin. */
function problemsOf(
  config: JsonObject,
  schema: JsonObject | undefined,
  place: ConfigPlace | undefined,
): readonly ConfigProblem[] {
  const errors = schema === undefined ? [] : schemaErrors(schema, config);
  if ('unusable' in errors) {
    const reason = `the config_schema of the plugin cannot be used: ${errors.why}`;
    return [{ path: [], fault: new Fault('plugin_config_invalid', { reason }) }];
  }
  return errors.map(({ at, reason, isUnknown }) => {
    const path = at
      .split('/')
      .slice(1)
      .map(step => nameOfStep(decodeURIComponent(step)));
    const own = path.at(-1);
    if (!isUnknown || own === undefined) {
      const details = { path: path.join('.'), reason, ...place?.(path) };
      return { path, fault: new Fault('plugin_config_invalid', details) };
    }
    const holder = path.slice(0, -1);
    const known = membersAt(schema ?? {}, holder);
    const meant = nearest(own, known);
    const hint = meant ? `did you mean ${meant}?` : `known keys: ${known.join(', ') || 'none'}`;
    const details = { path: path.join('.'), reason: `unknown key ${own}`, hint, ...place?.(holder, own) };
    return { path, fault: new Fault('plugin_config_invalid', details) };
  });
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
