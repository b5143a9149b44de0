import { isJsonObject, type Json, type JsonObject } from '../../../core/json.ts';
import type { DocumentProblem } from './problem.ts';
import { resolveReferences, splitReference, valueAt } from './references.ts';

/** A value of a document, and where it is. */
export interface Placed {
  readonly value: Json;
  /** The URL of its document, with a JSON pointer as fragment. */
  readonly url: string;
}

/** References that are followed one after the other. */
const longestChain = 50;

/** An OpenAPI document with the documents that it refers to. */
export class OpenapiDocument {
  /** Where the main document is. */
  readonly url: string;
  /** Problems of its structure. */
  readonly problems: readonly DocumentProblem[];
  readonly #parts = new Map<string, Json>();
  readonly #anchors = new Map<string, JsonObject>();

  constructor(url: string, problems: readonly DocumentProblem[] = []) {
    this.url = url;
    this.problems = problems;
  }

  /** Adds the document at `url`. @returns the URLs of the documents that it refers to */
  add(url: string, value: Json): ReadonlySet<string> {
    const others = new Set<string>();
    resolveReferences(value, url, {
      onReference: target => void others.add(splitReference(target).document),
      onAnchor: (name, schema) => void this.#anchors.set(`${url}#${name}`, schema),
    });
    this.#parts.set(url, value);
    return others;
  }

  get root(): JsonObject {
    const root = this.#parts.get(this.url);
    return isJsonObject(root) ? root : {};
  }

  /** The version as the document states it: `3.0.3`. */
  get version(): string {
    return String(this.root.openapi);
  }

  /** Whether its schemas are those of OpenAPI 3.0, which are not JSON Schema. */
  get hasOldSchemas(): boolean {
    return this.version.startsWith('3.0');
  }

  /** Follows references until there is a value; undefined if one leads nowhere, or in a circle. */
  follow(value: Json | undefined, url: string): Placed | undefined {
    let placed = value === undefined ? undefined : { value, url };
    for (let step = 0; step < longestChain; step += 1) {
      if (placed === undefined || !isJsonObject(placed.value) || typeof placed.value.$ref !== 'string') return placed;
      placed = this.at(placed.value.$ref);
    }
    return undefined;
  }

  /** Returns what an absolute reference leads to. */
  at(reference: string): Placed | undefined {
    const { document, pointer } = splitReference(reference);
    const anchored = this.#anchors.get(reference);
    if (anchored !== undefined) return { value: anchored, url: reference };
    if (pointer !== '' && !pointer.startsWith('/')) return undefined;
    const part = this.#parts.get(document);
    const value = part === undefined ? undefined : valueAt(part, pointer);
    return value === undefined ? undefined : { value, url: reference };
  }

  /** Returns a place as a problem names it: a fragment in the main document, a relative URL in others. */
  placeOf(url: string): string {
    if (url.startsWith(`${this.url}#`)) return url.slice(this.url.length);
    const folder = this.url.slice(0, this.url.lastIndexOf('/') + 1);
    return url.startsWith(folder) ? url.slice(folder.length) : url;
  }
}
