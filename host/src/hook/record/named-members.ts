import { isJsonObject, type Json, type JsonObject, nameOfStep } from '../../core/json.ts';
import { mcpMembers, nestedMembers } from '../view/members.ts';

/**
 * What is known about the names of a value's members. A name that MCP or a tool's schema defines can be shown; any other
 * could be a part of the content.
 */
export interface NamedMembers {
  /** Returns what is known about a member's members; undefined if its name is unknown. */
  member(name: string, value: Json | undefined): NamedMembers | undefined;
  /** What is known about the members of each item; undefined if the value is no list that is known. */
  readonly items: NamedMembers | undefined;
}

/** The members of a value of which nothing is known. */
export const unknownMembers: NamedMembers = { member: () => undefined, items: undefined };

/** A tool, as its upstream lists it. */
export interface ListedTool {
  readonly inputSchema?: Json | undefined;
  readonly outputSchema?: Json | undefined;
}

/**
 * Returns the members of the params or the result of a request: those of MCP; in arguments and structured content, those
 * of the schemas of these tools.
 */
export function requestMembers(tools: readonly ListedTool[]): NamedMembers {
  const members: NamedMembers = {
    member(name, value) {
      if (!mcpMembers.has(name)) return undefined;
      // A prompt lists its arguments; a call has an object of them.
      if (name === 'arguments' && isJsonObject(value)) return schemaMembers(tools.map(tool => tool.inputSchema));
      if (name === 'structuredContent') return schemaMembers(tools.map(tool => tool.outputSchema));
      return nestedMembers.has(name) ? members : unknownMembers;
    },
    get items() {
      return members;
    },
  };
  return members;
}

/** The most parts of a schema that are looked at for one value. */
const mostParts = 100;

/** Returns the members that JSON Schemas name; nothing else is known of them. */
function schemaMembers(schemas: readonly (Json | undefined)[]): NamedMembers {
  const roots = schemas.filter(schema => schema !== undefined).filter(isJsonObject);
  const [root, ...others] = roots;
  if (root === undefined) return unknownMembers;
  if (others.length > 0) return new SchemaMembers(roots.map(each => ({ schema: each, root: each })));
  const members = ofSchema.get(root) ?? new SchemaMembers([{ schema: root, root }]);
  ofSchema.set(root, members);
  return members;
}

/** The members of a whole schema, which many values have. */
const ofSchema = new WeakMap<JsonObject, NamedMembers>();

/** A part of a schema, with the whole one, in which its references are resolved. */
interface Part {
  readonly schema: JsonObject;
  readonly root: JsonObject;
}

class SchemaMembers implements NamedMembers {
  readonly #parts: readonly Part[];
  readonly #known = new Map<string, NamedMembers>();
  #items: NamedMembers | undefined;

  constructor(parts: readonly Part[]) {
    this.#parts = allParts(parts);
  }

  member(name: string): NamedMembers | undefined {
    const known = this.#known.get(name) ?? this.#find(name);
    // Only names of the schema are kept: others are as many as values have.
    if (known !== undefined) this.#known.set(name, known);
    return known;
  }

  get items(): NamedMembers {
    this.#items ??= membersOf(
      this.#parts.flatMap(({ schema: { items, prefixItems }, root }) => partsIn([items, prefixItems], root)),
    );
    return this.#items;
  }

  #find(name: string): NamedMembers | undefined {
    const naming = this.#parts.filter(
      ({ schema: { properties } }) => isJsonObject(properties) && has(properties, name),
    );
    if (naming.length === 0) return undefined;
    return membersOf(
      naming.flatMap(({ schema: { properties }, root }) => partsIn([(properties as JsonObject)[name]], root)),
    );
  }
}

const has = (object: JsonObject, name: string) => Object.hasOwn(object, name);

const membersOf = (parts: readonly Part[]): NamedMembers =>
  parts.length === 0 ? unknownMembers : new SchemaMembers(parts);

/** Adds the parts that describe the same value: references and combinations. */
function allParts(parts: readonly Part[]): readonly Part[] {
  const found = new Map<JsonObject, Part>();
  const add = (part: Part) => {
    if (found.has(part.schema) || found.size >= mostParts) return;
    found.set(part.schema, part);
    const { schema, root } = part;
    const { $ref, allOf, anyOf, oneOf, then } = schema;
    const referenced = typeof $ref === 'string' ? resolve($ref, root) : undefined;
    for (const each of partsIn([referenced, allOf, anyOf, oneOf, then, schema.else], root)) add(each);
  };
  for (const part of parts) add(part);
  return [...found.values()];
}

/** Returns the schemas among these values and in lists among them. */
const partsIn = (values: readonly (Json | undefined)[], root: JsonObject): readonly Part[] =>
  values
    .flatMap(value => value ?? [])
    .filter(isJsonObject)
    .map(schema => ({ schema, root }));

/** Returns what a reference within the same schema names; undefined for any other reference. */
function resolve(reference: string, root: JsonObject): Json | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let at: Json | undefined = root;
  for (const part of reference.split('/').slice(1)) {
    const name = nameOfStep(part);
    at = isJsonObject(at) && has(at, name) ? at[name] : undefined;
  }
  return at;
}
