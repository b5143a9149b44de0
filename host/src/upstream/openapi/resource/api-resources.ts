import { isJsonObject, type Json, type JsonObject } from '../../../core/json.ts';
import type { ApiOperation, Operation, Parameter } from '../operation/operation.ts';

/** Characters of a URI; matching takes time that grows faster than its length. */
const longestUri = 4_000;

/** A resource or a template, and the operation that reads it. */
interface Entry {
  readonly api: ApiOperation;
  readonly item: JsonObject;
  readonly isTemplate: boolean;
  /** Matches the path of a URI; its groups are the path parameters in order. */
  readonly pattern: RegExp;
  readonly inPath: readonly Parameter[];
  readonly inQuery: readonly Parameter[];
}

/**
 * The operations of an API that only read, as resources: `openapi://pets/v/{id}{?limit}`. One without parameters is a
 * resource, and any other a template. Operations with parameters that a URI cannot have are left out.
 */
export class ApiResources {
  readonly #prefix: string;
  readonly #entries: readonly Entry[];

  constructor(upstream: string, operations: Iterable<ApiOperation>) {
    this.#prefix = `openapi://${upstream}`;
    this.#entries = [...operations].flatMap(api => this.#entriesOf(api));
  }

  get resources(): readonly JsonObject[] {
    return this.#entries.filter(({ isTemplate }) => !isTemplate).map(({ item }) => item);
  }

  get templates(): readonly JsonObject[] {
    return this.#entries.filter(({ isTemplate }) => isTemplate).map(({ item }) => item);
  }

  /** Returns the operation of a URI and its arguments; undefined if no operation has such a URI. */
  find(uri: string): { readonly api: ApiOperation; readonly values: JsonObject } | undefined {
    if (!uri.startsWith(`${this.#prefix}/`) || uri.length > longestUri) return undefined;
    const [path = '', query = ''] = uri.slice(this.#prefix.length).split(/\?(.*)/s, 2);
    for (const { api, pattern, inPath, inQuery } of this.#entries) {
      const texts = pattern.exec(path)?.slice(1).map(decoded);
      if (texts === undefined || texts.includes(undefined)) continue;
      const given = new URLSearchParams(query);
      const values = [
        ...inPath.map((parameter, place) => [parameter, [texts[place] ?? '']] as const),
        ...inQuery
          .filter(({ name }) => given.has(name))
          .map(parameter => [parameter, given.getAll(parameter.name)] as const),
      ].map(([{ argument }, all]) => [argument, argumentOf(all, schemaOf(api.operation, argument))]);
      return { api, values: Object.fromEntries(values) };
    }
    return undefined;
  }

  #entriesOf(api: ApiOperation): readonly Entry[] {
    const { operation } = api;
    const { method, path, parameters, body, name, title, description, output } = operation;
    const inUri = parameters.filter(({ place }) => place === 'path' || place === 'query');
    // Matching would take time that grows with a power of the number of ways to divide the segments of a URI.
    const inSegments = path.split('/').map(segment => segment.split('{').length - 1);
    const isAmbiguous = inSegments.some(count => count > 2) || inSegments.filter(count => count > 1).length > 1;
    const isReadable = method === 'GET' && body === undefined && !isAmbiguous;
    if (!isReadable || parameters.some(each => each.required && (!inUri.includes(each) || isObject(operation, each))))
      return [];
    const inPath = [...path.matchAll(/\{([^{}]*)\}/g)].flatMap(([, each]) =>
      inUri.filter(({ name, place }) => place === 'path' && name === each),
    );
    const inQuery = inUri.filter(each => each.place === 'query' && !isObject(operation, each));
    const pattern = new RegExp(
      `^${path
        .split(/\{[^{}]*\}/)
        .map(escaped)
        .join('([^/]+)')}$`,
    );
    const about = {
      name,
      ...(title !== undefined && { title }),
      description,
      mimeType: output.accept[0] ?? 'application/json',
    };
    const entry = { api, pattern, inPath, inQuery };
    const queries = inQuery.length === 0 ? '' : `{?${inQuery.map(each => each.name).join(',')}}`;
    const plain = { ...entry, item: { uri: this.#prefix + path, ...about }, isTemplate: false };
    const template = { ...entry, item: { uriTemplate: this.#prefix + path + queries, ...about }, isTemplate: true };
    const isPlain = inPath.length === 0 && inQuery.every(each => !each.required);
    return [...(isPlain ? [plain] : []), ...(isPlain && queries === '' ? [] : [template])];
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function schemaOf({ input }: Operation, argument: string): JsonObject {
  const schema = isJsonObject(input.properties) ? input.properties[argument] : undefined;
  return isJsonObject(schema) ? schema : {};
}

const isObject = (operation: Operation, { argument, contentType }: Parameter): boolean =>
  contentType !== undefined || typesOf(schemaOf(operation, argument)).has('object');

/** Returns the types that a schema allows, as far as it says so itself or in its alternatives. */
function typesOf({ type, anyOf, oneOf }: JsonObject): ReadonlySet<string> {
  const own = Array.isArray(type) ? type.map(String) : typeof type === 'string' ? [type] : [];
  const lists = [anyOf, oneOf].flatMap(list =>
    Array.isArray(list) ? (list as readonly Json[]).filter(isJsonObject) : [],
  );
  return new Set([...own, ...lists.flatMap(each => [...typesOf(each)])]);
}

/** Reads the texts of a parameter as the value that its schema wants: a URI has only texts. */
function argumentOf(texts: readonly string[], schema: JsonObject): Json {
  const types = typesOf(schema);
  if (types.has('array')) {
    const items = isJsonObject(schema.items) ? schema.items : {};
    return texts
      .flatMap(text => (texts.length === 1 ? text.split(',') : [text]))
      .map(text => argumentOf([text], items));
  }
  const [text = ''] = texts;
  if ((types.has('integer') || types.has('number')) && /^-?\d{1,15}(\.\d+)?$/.test(text)) return Number(text);
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
