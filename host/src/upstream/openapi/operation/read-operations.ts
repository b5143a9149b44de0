import { fail } from '../../../core/fault.ts';
import { isJsonObject, type Json, type JsonObject, pointerStep } from '../../../core/json.ts';
import type { OpenapiDocument, Placed } from '../document/openapi-document.ts';
import type { DocumentProblem } from '../document/problem.ts';
import { inputOf } from './input-schema.ts';
import type { Operation } from './operation.ts';
import { OperationContext } from './operation-context.ts';
import { readBody } from './read-body.ts';
import { readOutput } from './read-output.ts';
import { readParameters } from './read-parameters.ts';
import { SchemaBudget } from './schema-budget.ts';
import { type Selector, selected } from './select.ts';
import { toolNames } from './tool-name.ts';

export interface OperationSettings {
  /** The id of the upstream. */
  readonly upstream: string;
  readonly include: readonly Selector[];
  readonly exclude: readonly Selector[];
  /** Names of tools by operation id, or by method and path. */
  readonly names: ReadonlyMap<string, string>;
  /** Characters of a name. */
  readonly longestName: number;
}

/** What a document says about one operation, and what is wrong with that. */
export interface ReadOperation {
  readonly operation: Operation;
  readonly problems: readonly DocumentProblem[];
  readonly warnings: readonly string[];
}

interface Found {
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly operationId?: string | undefined;
  readonly tags: readonly string[];
  readonly item: Placed;
  readonly operation: Placed & { readonly value: JsonObject };
}

/** TRACE repeats the request with its credentials, and is not offered. */
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query'];

/** Operations of one upstream. */
const mostOperations = 10_000;

/**
 * Reads the selected operations of a document. Those left out are not looked at. What all of them may need together is
 * spent on inputs first: a tool can do without an output schema.
 * @throws Fault `openapi_unusable` if there are too many, or their inputs are too large
 */
export function readOperations(document: OpenapiDocument, settings: OperationSettings): readonly ReadOperation[] {
  const found = selected(findOperations(document), settings.include, settings.exclude);
  const refuse = (hint: string): never =>
    fail('openapi_unusable', { upstream: settings.upstream, path: 'openapi.include', hint });
  if (found.length > mostOperations)
    refuse(`${found.length} operations are selected: select at most ${mostOperations}`);
  const names = toolNames(found, settings.longestName, settings.names);
  const ids = Map.groupBy(found, ({ operationId }) => operationId);
  const budget = new SchemaBudget();
  const read = found.map(each => {
    const context = new OperationContext(document, budget);
    const { operationId, operation } = each;
    if (operationId !== undefined && ids.get(operationId)?.[0] !== each) {
      context.problem(`${operation.url}/operationId`, `another operation has the id ${operationId.slice(0, 100)}`);
    }
    const request = readRequest(each, names.get(each.key) ?? '', context);
    if (budget.isSpent) refuse('the inputs of the selected operations are too large together: select fewer');
    return { operation, context, request };
  });
  return read.map(({ operation, context, request }) => {
    const { problems, warnings } = context;
    return { operation: { ...request, output: readOutput(operation, context) }, problems, warnings };
  });
}

function findOperations(document: OpenapiDocument): readonly Found[] {
  const { paths } = document.root;
  if (!isJsonObject(paths)) return [];
  return Object.entries(paths).flatMap(([path, written]) => {
    if (!path.startsWith('/')) return [];
    const item = document.follow(written, `${document.url}#/paths/${pointerStep(path)}`);
    if (item === undefined || !isJsonObject(item.value)) return [];
    const { additionalOperations } = item.value;
    const more = isJsonObject(additionalOperations) ? Object.entries(additionalOperations) : [];
    return [
      ...methods.map(name => [name.toUpperCase(), item.value, name, `${item.url}/${name}`] as const),
      ...more
        .filter(([name]) => /^[A-Z]+$/.test(name) && name !== 'TRACE' && name !== 'CONNECT')
        .map(([name]) => [name, additionalOperations, name, `${item.url}/additionalOperations/${name}`] as const),
    ].flatMap(([method, holder, member, url]) => {
      const value = isJsonObject(holder) ? holder[member] : undefined;
      if (!isJsonObject(value)) return [];
      const { operationId, tags } = value;
      return {
        ...{ key: `${method} ${path}`, method, path, item, operation: { value, url } },
        operationId: typeof operationId === 'string' && operationId !== '' ? operationId : undefined,
        tags: Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [],
      };
    });
  });
}

function readRequest(found: Found, name: string, context: OperationContext): Omit<Operation, 'output'> {
  const { key, method, path, operationId, tags, item, operation } = found;
  const parameters = readParameters(item, operation, context);
  checkPath(path, parameters, operation.url, context);
  const input = inputOf(parameters, readBody(operation, context), context);
  const { summary, servers } = operation.value;
  const shared = isJsonObject(item.value) ? item.value.servers : undefined;
  return {
    ...{ key, method, path, operationId, tags, name },
    title: typeof summary === 'string' && summary !== '' ? summary : undefined,
    description: descriptionOf(operation.value, key),
    parameters: input.parameters,
    body: input.body,
    input: input.schema,
    security: securityOf(operation.value.security ?? context.document.root.security),
    servers: objectsIn(servers) ?? objectsIn(shared),
  };
}

/** Reports names in the path that no parameter has, and path parameters that are not in it. */
function checkPath(
  path: string,
  parameters: readonly { readonly name: string; readonly place: string; readonly url: string }[],
  url: string,
  context: OperationContext,
): void {
  const inPath = new Set([...path.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name));
  const stated = parameters.filter(({ place }) => place === 'path');
  for (const { name, url: at } of stated) {
    if (!inPath.has(name)) context.problem(at, `the path ${path} has no {${name}}`);
    inPath.delete(name);
  }
  for (const name of inPath) context.problem(url, `no parameter describes {${name}} of the path ${path}`);
}

const longestDescription = 4_000;

function descriptionOf({ summary, description, deprecated }: JsonObject, key: string): string {
  const texts = [summary, description].filter((text): text is string => typeof text === 'string' && text.trim() !== '');
  const about = texts.length === 0 ? key : [...new Set(texts.map(text => text.trim()))].join('\n\n');
  return `${deprecated === true ? 'Deprecated. ' : ''}${about}`.slice(0, longestDescription);
}

function securityOf(security: Json | undefined): readonly (readonly string[])[] {
  return (objectsIn(security) ?? []).map(alternative => Object.keys(alternative));
}

const objectsIn = (value: Json | undefined): readonly JsonObject[] | undefined =>
  Array.isArray(value) && value.length > 0 ? (value as readonly Json[]).filter(isJsonObject) : undefined;
