import { isJsonObject, type JsonObject } from '../../../core/json.ts';

/** What the operations of a document may have together. GitHub's document needs a third of it. */
const most = { values: 300_000, characters: 32 * 1024 * 1024 };

/** Members whose value is a schema, a list of schemas, or an object of schemas. */
export const below = {
  one: [
    ...['not', 'if', 'then', 'else', 'items', 'contains', 'additionalProperties', 'propertyNames'],
    ...['unevaluatedItems', 'unevaluatedProperties', 'contentSchema'],
  ],
  lists: ['allOf', 'anyOf', 'oneOf', 'prefixItems'],
  maps: ['properties', 'patternProperties', 'dependentSchemas'],
} as const;

const nested: ReadonlySet<string> = new Set([...below.one, ...below.lists]);
const maps: ReadonlySet<string> = new Set(below.maps);

/**
 * Counts the schemas, parameters and fields that operations of one document have. A short document can refer to the same
 * long schema from thousands of them, and each gets a copy.
 */
export class SchemaBudget {
  #values = most.values;
  #characters = most.characters;
  readonly #sizes = new WeakMap<JsonObject, number>();

  get isSpent(): boolean {
    return this.#values <= 0 || this.#characters <= 0;
  }

  /** Takes what one schema or parameter needs, without the schemas below it. */
  take(schema: JsonObject): void {
    this.#values -= 1;
    this.#characters -= this.#sizeOf(schema);
  }

  #sizeOf(schema: JsonObject): number {
    const known = this.#sizes.get(schema);
    if (known !== undefined) return known;
    let size = 0;
    for (const [name, value] of Object.entries(schema)) {
      if (value === undefined || name.startsWith('x-') || nested.has(name)) continue;
      const own = maps.has(name) && isJsonObject(value) ? Object.keys(value) : value;
      size += name.length + JSON.stringify(own).length;
    }
    this.#sizes.set(schema, size);
    return size;
  }
}
