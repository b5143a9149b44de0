import { isJsonObject, type Json } from '../../../core/json.ts';
import { KeptNumber } from '../../../core/json-number.ts';
import type { ValueStyle } from '../operation/operation.ts';

type Encode = (text: string) => string;

/** Returns a value as text, as JSON where it is an object or list. */
export function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  return value instanceof KeptNumber ? value.text : JSON.stringify(value);
}

/** Returns the members of an object, or the elements of a list under no name. Those without a value are left out. */
const partsOf = (value: Json): readonly (readonly [string, Json])[] =>
  (isJsonObject(value)
    ? Object.entries(value)
    : Array.isArray(value)
      ? (value as Json[]).map(each => ['', each] as const)
      : []
  ).filter((part): part is [string, Json] => part[1] !== undefined && part[1] !== null);

const isComposite = (value: Json): boolean => isJsonObject(value) || Array.isArray(value);

/** Joins `name,value` of an object, or the elements of a list. */
function joined(value: Json, separator: string, between: string, encode: Encode): string {
  const isObject = isJsonObject(value);
  return partsOf(value)
    .map(([name, each]) => (isObject ? `${encode(name)}${between}${encode(textOf(each))}` : encode(textOf(each))))
    .join(separator);
}

/** Writes the value of a path parameter (OpenAPI § Style Examples; RFC 6570 § 3.2). */
export function pathValue(name: string, value: Json, { style, explode }: ValueStyle, encode: Encode): string {
  const between = explode ? '=' : ',';
  if (style === 'label') {
    if (!isComposite(value)) return `.${encode(textOf(value))}`;
    return `.${joined(value, explode ? '.' : ',', between, encode)}`;
  }
  if (style === 'matrix') {
    const own = encode(name);
    if (!isComposite(value)) return `;${own}=${encode(textOf(value))}`;
    if (!explode) return `;${own}=${joined(value, ',', ',', encode)}`;
    return isJsonObject(value)
      ? `;${joined(value, ';', '=', encode)}`
      : partsOf(value)
          .map(([, each]) => `;${own}=${encode(textOf(each))}`)
          .join('');
  }
  return simpleValue(value, explode, encode);
}

/** Writes a value as `simple` does, for paths and headers. */
export const simpleValue = (value: Json, explode: boolean, encode: Encode): string =>
  isComposite(value) ? joined(value, ',', explode ? '=' : ',', encode) : encode(textOf(value));

/** Writes a value as pairs `name=value` of a query, a cookie or a form. */
export function pairsOf(name: string, value: Json, { style, explode }: ValueStyle, encode: Encode): readonly string[] {
  const own = encode(name);
  if (!isComposite(value)) return [`${own}=${encode(textOf(value))}`];
  const parts = partsOf(value);
  if (style === 'deepObject') return deepPairs(own, value, encode);
  if (style === 'spaceDelimited' || style === 'pipeDelimited') {
    if (explode) return parts.map(([, each]) => `${own}=${encode(textOf(each))}`);
    const separator = style === 'spaceDelimited' ? '%20' : '%7C';
    return [`${own}=${joined(value, separator, separator, encode)}`];
  }
  if (!explode) return parts.length === 0 ? [`${own}=`] : [`${own}=${joined(value, ',', ',', encode)}`];
  return parts.map(([key, each]) => `${isJsonObject(value) ? encode(key) : own}=${encode(textOf(each))}`);
}

/** Writes `name[member]=value`. Deeper values are undefined in OpenAPI, and written as most servers read them. */
function deepPairs(own: string, value: Json, encode: Encode): readonly string[] {
  return partsOf(value).flatMap(([key, each]) => {
    const inner = `${own}%5B${encode(key)}%5D`;
    return isComposite(each) ? deepPairs(inner, each, encode) : [`${inner}=${encode(textOf(each))}`];
  });
}
