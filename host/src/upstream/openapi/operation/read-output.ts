import { isJsonObject, type Json, type JsonObject, pointerStep } from '../../../core/json.ts';
import type { Placed } from '../document/openapi-document.ts';
import { annotations } from './json-schema.ts';
import { isJsonType, isTextType } from './media-type.ts';
import type { Output } from './operation.ts';
import type { OperationContext } from './operation-context.ts';
import { SchemaWriter } from './schema-writer.ts';

/**
 * Reads what an operation returns. The output schema is that of the successful answers in JSON; where there is another
 * kind of success, such as one without a body, the tool has none, because each result would have to match it.
 */
export function readOutput({ value, url }: Placed, context: OperationContext): Output {
  const responses = isJsonObject(value) ? value.responses : undefined;
  const successes = isJsonObject(responses)
    ? Object.entries(responses).filter(([status]) => /^2(\d\d|XX)$/i.test(status))
    : [];
  const accept = new Set<string>();
  const schemas: Placed[] = [];
  let isDescribed = successes.length > 0;
  for (const [status, written] of successes) {
    const response = context.follow(written, `${url}/responses/${status}`);
    const content = response !== undefined && isJsonObject(response.value) ? response.value.content : undefined;
    const types = isJsonObject(content) ? Object.keys(content) : [];
    for (const type of types.filter(each => !each.includes('*'))) accept.add(type);
    const json = types.find(isJsonType);
    const media = json !== undefined && isJsonObject(content) ? content[json] : undefined;
    if (json === undefined || !isJsonObject(media) || media.schema === undefined) isDescribed = false;
    else schemas.push({ value: media.schema, url: `${response?.url}/content/${pointerStep(json)}/schema` });
  }
  const ordered = [...accept].toSorted((one, other) => rank(one) - rank(other));
  if (!isDescribed) return { isWrapped: false, accept: ordered };
  return { ...schemaOf(schemas, context), accept: ordered };
}

const isUnbounded = (schema: Json): boolean =>
  schema === true || (isJsonObject(schema) && Object.keys(schema).every(name => annotations.has(name)));

const rank = (type: string): number => (isJsonType(type) ? 0 : isTextType(type) ? 1 : 2);

function schemaOf(schemas: readonly Placed[], context: OperationContext): Pick<Output, 'schema' | 'isWrapped'> {
  const writer = new SchemaWriter(context.document, 'response', context.budget);
  const written = schemas.map(({ value, url }) => writer.write(value, url));
  const defs = writer.defs();
  context.problems.push(...writer.problems);
  if (writer.isCut) {
    context.warn('its output schema is too large: the tool has none');
    return { isWrapped: false };
  }
  // A schema that anything matches is of no use, and such operations often answer with something other than JSON.
  if (written.some(isUnbounded)) return { isWrapped: false };
  const [only] = written;
  const one: Json = written.length === 1 && only !== undefined ? only : { anyOf: written };
  if (isJsonObject(one) && one.type === 'object') return { schema: { ...one, ...defs }, isWrapped: false };
  const schema: JsonObject = { type: 'object', properties: { result: one }, required: ['result'], ...defs };
  return { schema, isWrapped: true };
}
