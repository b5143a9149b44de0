import { isJsonObject, type Json, type JsonObject } from '../../../core/json.ts';
import type { Body, Parameter } from './operation.ts';
import type { OperationContext } from './operation-context.ts';
import type { ReadBody } from './read-body.ts';
import type { ReadParameter } from './read-parameters.ts';
import { SchemaWriter } from './schema-writer.ts';

export interface Input {
  readonly schema: JsonObject;
  readonly parameters: readonly Parameter[];
  readonly body?: Body | undefined;
}

/** Merges parameters and body into the arguments of one tool. The body is one argument, so that no names can clash. */
export function inputOf(
  parameters: readonly ReadParameter[],
  body: ReadBody | undefined,
  context: OperationContext,
): Input {
  const writer = new SchemaWriter(context.document, 'request', context.budget);
  const taken = new Set<string>();
  const properties: [string, Json][] = [];
  const required: string[] = [];
  const add = (argument: string, schema: Json, description: string | undefined, isRequired: boolean) => {
    properties.push([argument, described(schema, description)]);
    if (isRequired) required.push(argument);
  };
  const merged = parameters.map(({ schema, description, url: _, ...parameter }): Parameter => {
    const argument = freeName([parameter.name, `${parameter.place}_${parameter.name}`], taken);
    add(argument, writer.write(schema?.value, schema?.url ?? ''), description, parameter.required);
    return { ...parameter, argument };
  });
  let sent: Body | undefined;
  if (body !== undefined) {
    const { schema, description, ...rest } = body;
    const argument = freeName(['body', 'request_body'], taken);
    const base64 = body.form === 'binary' ? { contentEncoding: 'base64', contentMediaType: body.contentType } : {};
    const text = { type: 'string', ...base64 };
    const isText = body.form === 'text' || body.form === 'binary';
    add(argument, isText ? text : writer.write(schema?.value, schema?.url ?? ''), description, body.required);
    sent = { ...rest, argument };
  }
  const defs = writer.defs();
  context.problems.push(...writer.problems);
  if (writer.isCut) context.warn('its input schema is too large: parts of it match anything');
  const schema = {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
    ...defs,
  };
  return { schema, parameters: merged, body: sent };
}

/** Returns the first of these names that is free, or the last with a number. */
function freeName(names: readonly string[], taken: Set<string>): string {
  const last = names.at(-1) ?? '';
  let name = names.find(each => !taken.has(each));
  for (let number = 2; name === undefined; number += 1) {
    if (!taken.has(`${last}_${number}`)) name = `${last}_${number}`;
  }
  taken.add(name);
  return name;
}

function described(schema: Json, description: string | undefined): Json {
  if (description === undefined || description === '') return schema;
  if (schema === true) return { description };
  return isJsonObject(schema) ? { ...schema, description } : schema;
}
