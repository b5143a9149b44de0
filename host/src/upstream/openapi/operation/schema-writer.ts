import { isJsonObject, type Json, type JsonObject, pointerStep } from '../../../core/json.ts';
import type { OpenapiDocument } from '../document/openapi-document.ts';
import type { DocumentProblem } from '../document/problem.ts';
import { annotations, fromOldSchema, plainMembers } from './json-schema.ts';
import { impossibleBounds } from './schema-bounds.ts';
import { below, type SchemaBudget } from './schema-budget.ts';

type Mutable = Record<string, Json | undefined>;

/** Values of one schema: up to `inlined` what references lead to is written in their place, up to `whole` in `$defs`. */
const most = { inlined: 1_500, whole: { request: 20_000, response: 5_000 }, references: 20 };
/** Nesting below which a schema is cut, whatever it is. */
const deepest = 100;
/** Characters of a description. */
const longestDescription = 4_000;

/** What a schema is for. What only the other direction has is left out. */
export type Direction = 'request' | 'response';

/**
 * Writes schemas of an OpenAPI document as JSON Schema 2020-12 that stands alone. References are replaced by what they
 * lead to. Where that would be endless or long, they lead to `$defs`, which all schemas of one writer share.
 */
export class SchemaWriter {
  readonly problems: DocumentProblem[] = [];
  /** Whether something was too large even for `$defs`, and was replaced by a schema that anything matches. */
  isCut = false;
  readonly #document: OpenapiDocument;
  readonly #direction: Direction;
  readonly #budget: SchemaBudget;
  readonly #names = new Map<string, string>();
  /** How often the last part of a reference, or a name made of it, was used. */
  readonly #uses = new Map<string, number>();
  readonly #pending: string[] = [];
  readonly #defs: Mutable = {};
  #count = 0;

  /** @param budget what all operations may need together */
  constructor(document: OpenapiDocument, direction: Direction, budget: SchemaBudget) {
    this.#document = document;
    this.#direction = direction;
    this.#budget = budget;
  }

  /** Writes one schema. Its `$defs` are those of `defs`. */
  write(schema: Json | undefined, url: string): Json {
    return schema === undefined ? {} : this.#schema(schema, url, [], 0);
  }

  /** Returns the definitions that were referred to, as the member `$defs`; empty if there are none. */
  defs(): { readonly $defs?: JsonObject } {
    for (let reference = this.#pending.pop(); reference !== undefined; reference = this.#pending.pop()) {
      const name = this.#names.get(reference) ?? '';
      const target = this.#document.at(reference);
      this.#defs[name] = target === undefined ? {} : this.#schema(target.value, target.url, [reference], 0);
    }
    return Object.keys(this.#defs).length === 0 ? {} : { $defs: this.#defs as JsonObject };
  }

  #schema(schema: Json, url: string, followed: readonly string[], depth: number): Json {
    if (typeof schema === 'boolean') return schema;
    if (!isJsonObject(schema)) {
      this.#problem(url, 'expected a schema');
      return {};
    }
    this.#count += 1;
    if (this.#count > most.whole[this.#direction] || depth > deepest || this.#budget.isSpent) {
      this.isCut = true;
      return {};
    }
    if (schema.$dynamicRef !== undefined || schema.$recursiveRef !== undefined) return {};
    return typeof schema.$ref === 'string'
      ? this.#reference(schema, schema.$ref, url, followed, depth)
      : this.#own(schema, url, followed, depth);
  }

  #reference(schema: JsonObject, reference: string, url: string, followed: readonly string[], depth: number): Json {
    const target = this.#document.at(reference);
    if (target === undefined) {
      this.#problem(`${url}/$ref`, `it refers to something that does not exist: ${this.#document.placeOf(reference)}`);
      return {};
    }
    const isEndless = followed.includes(reference) || followed.length >= most.references;
    const instead =
      isEndless || this.#names.has(reference) || this.#count > most.inlined
        ? { $ref: this.#define(reference) }
        : this.#schema(target.value, target.url, [...followed, reference], depth + 1);
    const { $ref: _, ...beside } = schema;
    const own = this.#document.hasOldSchemas
      ? { ...(typeof beside.description === 'string' && { description: beside.description }) }
      : (this.#own(beside, url, followed, depth) as JsonObject);
    if (Object.keys(own).length === 0 || !isJsonObject(instead)) return instead;
    const isAbout = Object.keys(own).every(name => annotations.has(name));
    return isAbout
      ? { ...instead, ...own }
      : { ...own, allOf: [instead, ...((own.allOf as Json[] | undefined) ?? [])] };
  }

  /** Returns the reference to the definition of a schema, which is written later. */
  #define(reference: string): string {
    let name = this.#names.get(reference);
    if (name === undefined) {
      const last = decodeURIComponent(/[^/#]*$/.exec(reference)?.[0] ?? '').replace(/[^\w.-]/g, '_') || 'schema';
      name = last;
      for (let used = this.#uses.get(last) ?? 0; this.#uses.has(name); ) {
        used += 1;
        this.#uses.set(last, used);
        name = `${last}_${used}`;
      }
      this.#uses.set(name, 1);
      this.#names.set(reference, name);
      this.#pending.push(reference);
    }
    return `#/$defs/${pointerStep(name)}`;
  }

  #own(source: JsonObject, url: string, followed: readonly string[], depth: number): Json {
    const schema = plainMembers(source);
    this.#budget.take(source);
    const inner = (each: Json, step: string) => this.#schema(each, `${url}/${step}`, followed, depth + 1);
    for (const name of below.one) {
      const member = schema[name];
      if (Array.isArray(member)) schema[name] = member.map((each, place) => inner(each as Json, `${name}/${place}`));
      else if (member !== undefined) schema[name] = inner(member, name);
    }
    for (const name of below.lists) {
      const list = schema[name];
      if (Array.isArray(list)) schema[name] = list.map((each, place) => inner(each as Json, `${name}/${place}`));
    }
    for (const name of below.maps) {
      const map = schema[name];
      if (isJsonObject(map)) schema[name] = this.#members(map, name, inner);
    }
    this.#leaveOut(schema, source, url);
    this.#check(schema, url);
    if (typeof schema.description === 'string') schema.description = schema.description.slice(0, longestDescription);
    const written = this.#document.hasOldSchemas ? fromOldSchema(source, schema) : schema;
    const why = impossibleBounds(written as JsonObject);
    if (why !== undefined) this.#problem(url, why);
    return written as JsonObject;
  }

  #members(map: JsonObject, name: string, inner: (each: Json, step: string) => Json): JsonObject {
    return Object.fromEntries(
      Object.entries(map).map(([key, each]) => [
        key,
        each === undefined ? {} : inner(each, `${name}/${pointerStep(key)}`),
      ]),
    );
  }

  /** Removes properties that only the other direction has, also from `required`. */
  #leaveOut(schema: Mutable, source: JsonObject, url: string): void {
    if (!isJsonObject(source.properties) || !isJsonObject(schema.properties)) return;
    const member = this.#direction === 'request' ? 'readOnly' : 'writeOnly';
    const others = new Set(
      Object.entries(source.properties).flatMap(([name, property]) => {
        const target = this.#document.follow(property, url)?.value;
        const isOther = [property, target].some(each => isJsonObject(each) && each[member] === true);
        return isOther ? [name] : [];
      }),
    );
    if (others.size === 0) return;
    const left = Object.entries(schema.properties).filter(([name]) => !others.has(name));
    schema.properties = Object.fromEntries(left);
    if (!Array.isArray(schema.required)) return;
    schema.required = schema.required.filter(name => !others.has(String(name))) as Json[];
    if ((schema.required as Json[]).length === 0) delete schema.required;
  }

  #check(schema: Mutable, url: string): void {
    const { type, pattern } = schema;
    const types = Array.isArray(type) ? type : type === undefined ? [] : [type];
    const odd = types.find(each => !typeNames.has(String(each)));
    if (odd !== undefined) {
      this.#problem(`${url}/type`, `expected one of ${[...typeNames].join(', ')}`);
      delete schema.type;
    }
    if (typeof pattern === 'string' && !isPattern(pattern)) delete schema.pattern;
  }

  #problem(url: string, message: string): void {
    this.problems.push({ at: this.#document.placeOf(url), message });
  }
}

const typeNames = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']);

/** Patterns are of ECMAScript, and many documents have others. */
function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}
