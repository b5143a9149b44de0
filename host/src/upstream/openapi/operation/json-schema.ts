import type { Json, JsonObject } from '../../../core/json.ts';
import { doubleOf } from '../../../core/json-number.ts';

type Mutable = Record<string, Json | undefined>;

/** Members of OpenAPI that JSON Schema does not know, or that mean nothing in a schema that stands alone. */
const dropped = new Set([
  ...['xml', 'externalDocs', 'discriminator', 'example', 'nullable', 'readOnly', 'writeOnly', '$id', '$schema'],
  ...['$anchor', '$dynamicAnchor', '$comment', '$defs', 'definitions', '$vocabulary'],
]);

/** Returns the members of a schema that JSON Schema has too, without those that are below it. */
export function plainMembers(schema: JsonObject): Mutable {
  const plain: Mutable = {};
  for (const [name, value] of Object.entries(schema)) {
    if (!dropped.has(name) && !name.startsWith('x-')) plain[name] = value;
  }
  return plain;
}

/**
 * Rewrites the keywords that OpenAPI 3.0 has of its own (3.0.4 § 4.7.24; JSON Schema 2020-12): `nullable`, bounds that
 * `exclusiveMinimum: true` makes exclusive, `format: byte`. `source` is the schema of the document, and `schema` what was
 * made of it.
 */
export function fromOldSchema(source: JsonObject, schema: Mutable): Mutable {
  for (const [exclusive, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof schema[exclusive] !== 'boolean') continue;
    const isExclusive = schema[exclusive];
    delete schema[exclusive];
    if (!isExclusive || doubleOf(schema[bound]) === undefined) continue;
    schema[exclusive] = schema[bound];
    delete schema[bound];
  }
  if (schema.format === 'byte' || schema.format === 'binary') {
    delete schema.format;
    schema.contentEncoding = 'base64';
  }
  return source.nullable === true ? orNull(schema) : schema;
}

/** Returns a schema that null matches too. */
function orNull(schema: Mutable): Mutable {
  const { type, enum: values, ...rest } = schema;
  if (typeof type === 'string') {
    const allowsNull = values === undefined || !Array.isArray(values) || values.includes(null);
    const choice = values === undefined ? {} : { enum: allowsNull ? values : [...(values as Json[]), null] };
    return { type: [type, 'null'], ...rest, ...choice };
  }
  if (Object.keys(schema).every(name => annotations.has(name))) return schema;
  const { description, title, deprecated, default: value, ...asserted } = schema;
  const about = Object.entries({ title, description, deprecated, default: value }).filter(
    ([, each]) => each !== undefined,
  );
  return { ...Object.fromEntries(about), anyOf: [asserted as JsonObject, { type: 'null' }] };
}

/** Members that no value can violate. */
export const annotations: ReadonlySet<string> = new Set([
  ...['title', 'description', 'default', 'deprecated', 'examples', 'contentEncoding', 'contentMediaType'],
]);

/** Whether the schema is of binary data, which is base64 in JSON. */
export const isBinary = (schema: JsonObject): boolean =>
  schema.format === 'binary' ||
  (schema.contentMediaType !== undefined && schema.contentEncoding === undefined && schema.type === undefined);
