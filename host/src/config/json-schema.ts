import { z } from 'zod';
import { pluginDescriptorSchema } from '../contract/plugin-descriptor.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { createConfigSchema } from './schema.ts';
import type { GrantsSchema } from './section/plugins.ts';

/** Creates the JSON Schema (2020-12) of sallyport.yaml, for editors. */
export const configJsonSchema = (grants: GrantsSchema): JsonObject =>
  z.toJSONSchema(createConfigSchema(grants), { io: 'input' }) as JsonObject;

/** Creates the JSON Schema (2020-12) of plugin.json. */
export const pluginJsonSchema = (): JsonObject => z.toJSONSchema(pluginDescriptorSchema, { io: 'input' }) as JsonObject;

/** Lists the members that an object at `path` may have; empty if any are allowed or it is not an object. */
export function knownKeys(schema: JsonObject, path: readonly PropertyKey[]): readonly string[] {
  const found = path.reduce<readonly JsonObject[]>(
    (holders, step) => holders.flatMap(holder => alternatives(holder, schema).flatMap(each => stepInto(each, step))),
    [schema],
  );
  return found.flatMap(each => alternatives(each, schema)).flatMap(each => Object.keys(members(each.properties)));
}

function stepInto({ properties, items, additionalProperties }: JsonObject, step: PropertyKey): readonly JsonObject[] {
  const next = typeof step === 'number' ? items : (members(properties)[String(step)] ?? additionalProperties);
  return isJsonObject(next) ? [next] : [];
}

/** Returns the schema itself, the one it refers to, and those that `anyOf` and `allOf` add. */
function alternatives(schema: JsonObject, root: JsonObject): readonly JsonObject[] {
  const reference = typeof schema.$ref === 'string' ? schema.$ref.replace('#/$defs/', '') : undefined;
  const parts = [schema.anyOf, schema.allOf].flatMap(list => (Array.isArray(list) ? list : [])).filter(isJsonObject);
  const target = reference === undefined ? undefined : members(root.$defs)[reference];
  const others = isJsonObject(target) ? [target, ...parts] : parts;
  return [schema, ...others.flatMap(other => alternatives(other, root))];
}

const members = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});
