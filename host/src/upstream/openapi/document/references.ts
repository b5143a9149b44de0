import { isJsonObject, type Json, type JsonObject, nameOfStep } from '../../../core/json.ts';

/** Members whose value is data, in which `$ref` means nothing. */
const data = new Set(['const', 'default', 'enum', 'example', 'examples', 'value', 'mapping']);
/** Members whose value has names of its own, so that one called `default` or `example` is not such data. */
const namesOf = new Set([
  ...['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'schemas', 'responses'],
  ...['parameters', 'requestBodies', 'headers', 'securitySchemes', 'callbacks', 'pathItems', 'paths', 'webhooks'],
  ...['content', 'encoding', 'variables', 'mediaTypes'],
]);

type Mutable = Record<string, Json | undefined>;

/**
 * Makes every `$ref` of a document absolute, so that it can be followed from anywhere, and reports each. Anchors of
 * schemas are reported too.
 */
export function resolveReferences(
  document: Json,
  base: string,
  found: { onReference(url: string): void; onAnchor(name: string, schema: JsonObject): void },
): void {
  // Not recursive: the nesting is the author's.
  const open: { readonly value: Json; readonly areNames: boolean }[] = [{ value: document, areNames: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, areNames } = next;
    if (Array.isArray(value)) {
      for (const each of value) open.push({ value: each, areNames: false });
      continue;
    }
    if (!isJsonObject(value)) continue;
    const { $ref, $anchor } = value;
    if (!areNames && typeof $ref === 'string') {
      const url = URL.parse($ref, base)?.href ?? $ref;
      (value as Mutable).$ref = url;
      found.onReference(url);
    }
    if (!areNames && typeof $anchor === 'string') found.onAnchor($anchor, value);
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined || (!areNames && (data.has(name) || name.startsWith('x-')))) continue;
      open.push({ value: member, areNames: !areNames && namesOf.has(name) });
    }
  }
}

/** Returns the URL of the document that a reference leads to, and the place in it. */
export function splitReference(url: string): { readonly document: string; readonly pointer: string } {
  const at = url.indexOf('#');
  return at < 0 ? { document: url, pointer: '' } : { document: url.slice(0, at), pointer: url.slice(at + 1) };
}

/** Returns what a JSON pointer, as a fragment, leads to; undefined if nothing (RFC 6901 § 6). */
export function valueAt(document: Json, pointer: string): Json | undefined {
  let value: Json | undefined = document;
  for (const step of pointer.split('/').slice(1)) {
    const name = nameOfStep(decoded(step));
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Mutable)[name];
  }
  return value;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
