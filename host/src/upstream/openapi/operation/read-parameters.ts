import { isJsonObject, type Json, type JsonObject } from '../../../core/json.ts';
import { isForbiddenHeader } from '../../../egress/forbidden-headers.ts';
import type { Placed } from '../document/openapi-document.ts';
import type { Parameter, ParameterPlace, Style, ValueStyle } from './operation.ts';
import type { OperationContext } from './operation-context.ts';

/** A parameter and its schema. */
export interface ReadParameter extends Omit<Parameter, 'argument'> {
  readonly description?: string | undefined;
  readonly schema: Placed | undefined;
  readonly url: string;
}

/** Header parameters that are ignored (OpenAPI § Parameter Object): body, responses and security describe them. */
const ignoredHeaders = new Set(['accept', 'authorization', 'content-type']);

const places: ReadonlySet<string> = new Set(['path', 'query', 'querystring', 'header', 'cookie']);

/** Reads the parameters of an operation. Those of its path apply too, unless the operation has one of that name and place. */
export function readParameters(item: Placed, operation: Placed, context: OperationContext): readonly ReadParameter[] {
  const shared = listOf(item, context);
  const own = listOf(operation, context);
  const seen = new Set<string>();
  for (const parameter of own) {
    const key = keyOf(parameter);
    if (seen.has(key)) context.problem(parameter.url, `a second parameter ${parameter.name} in ${parameter.place}`);
    seen.add(key);
  }
  return [...shared.filter(each => !seen.has(keyOf(each))), ...own].filter(({ place, name, required }) => {
    if (place !== 'header') return true;
    if (ignoredHeaders.has(name.toLowerCase())) return false;
    if (!isForbiddenHeader(name)) return true;
    context.warn(
      `the header ${name} cannot be a parameter: the gateway sets it${required ? ', though it is required' : ''}`,
    );
    return false;
  });
}

const keyOf = ({ place, name }: ReadParameter): string => `${place} ${place === 'header' ? name.toLowerCase() : name}`;

function listOf({ value, url }: Placed, context: OperationContext): readonly ReadParameter[] {
  const list = isJsonObject(value) ? value.parameters : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((written, index) => {
    if (context.budget.isSpent) return [];
    const placed = context.follow(written as Json, `${url}/parameters/${index}`);
    if (placed === undefined || !isJsonObject(placed.value)) return [];
    context.budget.take(placed.value);
    return readParameter(placed.value, placed.url, context) ?? [];
  });
}

function readParameter(value: JsonObject, url: string, context: OperationContext): ReadParameter | undefined {
  const { name, in: place, required, description, content } = value;
  if (typeof name !== 'string' || !places.has(String(place))) {
    context.problem(url, 'a parameter needs a name, and a place (`in`): path, query, header or cookie');
    return undefined;
  }
  const base = {
    ...{ name, url, place: place as ParameterPlace },
    required: required === true || place === 'path',
    description: typeof description === 'string' ? description : undefined,
    style: styleOf(value, defaultStyles[place as ParameterPlace]),
  };
  const [media] = isJsonObject(content) ? Object.entries(content) : [];
  if (media === undefined) {
    return { ...base, schema: value.schema === undefined ? undefined : { value: value.schema, url: `${url}/schema` } };
  }
  const [contentType, described] = media;
  const schema = isJsonObject(described) ? described.schema : undefined;
  const at = `${url}/content/${contentType.replaceAll('/', '~1')}/schema`;
  return { ...base, contentType, schema: schema === undefined ? undefined : { value: schema, url: at } };
}

const defaultStyles: Readonly<Record<ParameterPlace, Style>> = {
  path: 'simple',
  query: 'form',
  querystring: 'form',
  header: 'simple',
  cookie: 'form',
};

const styles: ReadonlySet<unknown> = new Set([
  ...['simple', 'label', 'matrix', 'form', 'spaceDelimited', 'pipeDelimited', 'deepObject', 'cookie'],
]);

/** Returns the style that a parameter or an encoding states, with the defaults of OpenAPI. */
export function styleOf({ style, explode, allowReserved }: JsonObject, instead: Style): ValueStyle {
  const own = styles.has(style) ? (style as Style) : instead;
  return {
    style: own,
    explode: typeof explode === 'boolean' ? explode : own === 'form' || own === 'cookie' || own === 'deepObject',
    allowReserved: allowReserved === true,
  };
}
