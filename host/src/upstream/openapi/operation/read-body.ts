import { isJsonObject, type Json, type JsonObject, pointerStep } from '../../../core/json.ts';
import type { Placed } from '../document/openapi-document.ts';
import { isBinary } from './json-schema.ts';
import { essenceOf, isJsonType, isTextType } from './media-type.ts';
import type { Body, BodyForm, Field } from './operation.ts';
import type { OperationContext } from './operation-context.ts';
import { styleOf } from './read-parameters.ts';

export interface ReadBody extends Omit<Body, 'argument'> {
  readonly description?: string | undefined;
  /** Absent for text and binary bodies, which are one text. */
  readonly schema: Placed | undefined;
}

/** The forms of bodies, best first: the first media type that is offered of the first form is used. */
const forms: readonly (readonly [BodyForm, (mediaType: string) => boolean])[] = [
  ['json', isJsonType],
  ['multipart', type => essenceOf(type) === 'multipart/form-data'],
  ['urlencoded', type => essenceOf(type) === 'application/x-www-form-urlencoded'],
  ['text', isTextType],
  ['binary', () => true],
];

/** Reads the body of an operation, in the form that suits a tool best. */
export function readBody({ value, url }: Placed, context: OperationContext): ReadBody | undefined {
  const written = isJsonObject(value) ? value.requestBody : undefined;
  const placed = context.follow(written, `${url}/requestBody`);
  if (placed === undefined || !isJsonObject(placed.value)) return undefined;
  const { content, required, description } = placed.value;
  if (!isJsonObject(content) || Object.keys(content).length === 0) return undefined;
  for (const [form, isOfForm] of forms) {
    const mediaType = Object.keys(content).find(isOfForm);
    if (mediaType === undefined) continue;
    const at = `${placed.url}/content/${pointerStep(mediaType)}`;
    const media = context.follow(content[mediaType], at);
    const described = media !== undefined && isJsonObject(media.value) ? media.value : {};
    const schema =
      described.schema === undefined ? undefined : { value: described.schema, url: `${media?.url ?? at}/schema` };
    return {
      ...{ form, required: required === true, description: typeof description === 'string' ? description : undefined },
      contentType: mediaType.includes('*') ? defaultTypes[form] : mediaType,
      fields: form === 'multipart' || form === 'urlencoded' ? fieldsOf(schema, described, context) : new Map(),
      schema: form === 'text' || form === 'binary' ? undefined : schema,
    };
  }
  return undefined;
}

const defaultTypes: Readonly<Record<BodyForm, string>> = {
  json: 'application/json',
  multipart: 'multipart/form-data',
  urlencoded: 'application/x-www-form-urlencoded',
  text: 'text/plain',
  binary: 'application/octet-stream',
};

function fieldsOf(
  schema: Placed | undefined,
  { encoding }: JsonObject,
  context: OperationContext,
): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  for (const [name, property] of propertiesOf(schema, context, new Set())) {
    const stated = isJsonObject(encoding) && isJsonObject(encoding[name]) ? encoding[name] : {};
    const { contentType, style, explode, allowReserved } = stated;
    const hasStyle = style !== undefined || explode !== undefined || allowReserved !== undefined;
    fields.set(name, {
      ...(typeof contentType === 'string' && { contentType: contentType.split(',', 1)[0]?.trim() ?? contentType }),
      ...(hasStyle && { style: styleOf(stated, 'form') }),
      isBinary: isBinary(property) || (isJsonObject(property.items) && isBinary(property.items)),
    });
  }
  return fields;
}

/** Schemas that are looked at for the fields of one form. */
const mostSchemas = 200;

/** Returns the properties of a schema and of the schemas that it combines, each looked at once. */
function propertiesOf(
  schema: Placed | undefined,
  context: OperationContext,
  seen: Set<JsonObject>,
): [string, JsonObject][] {
  const placed = schema && context.document.follow(schema.value, schema.url);
  if (placed === undefined || !isJsonObject(placed.value) || seen.has(placed.value) || seen.size > mostSchemas)
    return [];
  seen.add(placed.value);
  const { properties, allOf, oneOf, anyOf } = placed.value;
  const combined = [allOf, oneOf, anyOf].flatMap(list => (Array.isArray(list) ? (list as Json[]) : []));
  const own = isJsonObject(properties) ? Object.entries(properties) : [];
  return [
    ...combined.flatMap(each => propertiesOf({ value: each, url: placed.url }, context, seen)),
    ...own.map(([name, property]): [string, JsonObject] => {
      if (context.budget.isSpent) return [name, {}];
      context.budget.take(isJsonObject(property) ? property : {});
      const value = context.document.follow(property, placed.url)?.value;
      if (!isJsonObject(value)) return [name, {}];
      const items = value.items === undefined ? undefined : context.document.follow(value.items, placed.url)?.value;
      return [name, items === undefined ? value : { ...value, items }];
    }),
  ];
}
