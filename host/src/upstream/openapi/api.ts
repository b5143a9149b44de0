import { Fault, Faults } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Log } from '../../core/log.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import { ApiCredentials, type CredentialsOptions } from './credentials.ts';
import type { OpenapiDocument } from './document/openapi-document.ts';
import type { OpenapiEntry } from './openapi-entry.ts';
import type { ApiOperation, Operation } from './operation/operation.ts';
import { readOperations } from './operation/read-operations.ts';
import { selectorOf } from './operation/select.ts';
import { toolOf } from './operation/tool.ts';
import { ApiResources } from './resource/api-resources.ts';
import { serverUrl } from './server-url.ts';

/** An API as its document and the operator's settings describe it. */
export interface Api {
  /** The operations by the names of their tools, in the order of the document. */
  readonly operations: ReadonlyMap<string, ApiOperation>;
  readonly credentials: ApiCredentials;
  /** Its resources; undefined unless the operator wants them. */
  readonly resources?: ApiResources | undefined;
  /** The URL of the API. */
  readonly base: string;
  /** Where its operations are sent. */
  readonly origins: readonly string[];
  readonly info: ServerInfo;
}

export interface ApiOptions extends Omit<CredentialsOptions, 'security'> {
  readonly entry: OpenapiEntry;
  /** Characters of a tool's name. */
  readonly longestName: number;
  /** Whether the upstream has `auth`. */
  readonly hasAuth: boolean;
  readonly log: Log;
}

/** Problems of a document that are reported at once. */
const mostProblems = 100;
/** Operations that a warning names. */
const mostNamed = 20;

/**
 * Reads an API from its document.
 * @throws Faults of `openapi_invalid`, every problem with its place, and `openapi_unusable`
 */
export function readApi(document: OpenapiDocument, options: ApiOptions): Api {
  const { upstream, entry, longestName, hasAuth, log } = options;
  const include = entry.include.map(selectorOf);
  const exclude = entry.exclude.map(selectorOf);
  const names = new Map(Object.entries(entry.names));
  const read = readOperations(document, { upstream, include, exclude, names, longestName });
  const isSkipped = entry.on_problem === 'skip';
  const problems = [...document.problems, ...read.flatMap(each => each.problems)];
  if (problems.length > 0 && !isSkipped) throw problemFaults(upstream, problems);
  const usable = read.filter(each => each.problems.length === 0 && !isAmong(each.operation, document.problems));
  const skipped = read.filter(each => !usable.includes(each)).map(each => each.operation.key);
  const [why] = problems;
  if (why !== undefined)
    log.warn(
      { upstream, problems: problems.length, first: why, ...named(skipped) },
      'left out operations with problems',
    );
  const partial = usable.flatMap(({ operation: { key }, warnings }) =>
    warnings.map(warning => ({ upstream, operation: key, warning })),
  );
  for (const about of partial.slice(0, mostNamed)) log.warn(about, 'a part of an operation is left out');
  if (partial.length > mostNamed)
    log.warn({ upstream, more: partial.length - mostNamed }, 'parts of more operations are left out');
  const root = serverUrl(document, entry);
  if ('why' in root) throw unusable(upstream, 'openapi.base_url', root.why);
  const origins = new Set([new URL(root.base).origin, ...entry.origins]);
  const elsewhere: string[] = [];
  const operations = new Map<string, ApiOperation>();
  for (const { operation } of usable) {
    const server = operation.servers === undefined ? root : serverUrl(document, entry, operation.servers);
    if ('why' in server || !origins.has(new URL(server.base).origin)) elsewhere.push(operation.key);
    else
      operations.set(operation.name, { operation, base: server.base, tool: toolOf(operation, entry.output_schemas) });
  }
  if (elsewhere.length > 0) {
    log.warn(
      { upstream, ...named(elsewhere) },
      'left out operations on other servers: list their origins in openapi.origins',
    );
  }
  if (operations.size === 0) throw unusable(upstream, 'openapi.include', 'no operation of the document is left');
  const credentials = new ApiCredentials(document, { ...options, security: entry.security });
  const open = [...operations.values()].filter(({ operation }) => !credentials.satisfies(operation, hasAuth));
  if (open.length > 0) {
    log.warn(
      { upstream, ...named(open.map(({ operation }) => operation.key)), schemes: schemesIn(open) },
      'operations need credentials that are not configured: set openapi.security or auth',
    );
  }
  return {
    operations,
    credentials,
    base: root.base,
    origins: [...origins],
    info: infoOf(document, upstream, entry),
    resources: entry.resources ? new ApiResources(upstream, operations.values()) : undefined,
  };
}

const unusable = (upstream: string, path: string, hint: string): Fault =>
  new Fault('openapi_unusable', { upstream, path, hint });

const named = (operations: readonly string[]) => ({
  count: operations.length,
  operations: operations.slice(0, mostNamed),
});

const schemesIn = (operations: readonly ApiOperation[]): readonly string[] => [
  ...new Set(operations.flatMap(({ operation }) => operation.security.flat())),
];

function problemFaults(
  upstream: string,
  problems: readonly { readonly at: string; readonly message: string }[],
): Faults {
  const shown = problems.slice(0, mostProblems);
  const rest = problems.length - shown.length;
  const faults = shown.map(({ at, message }) => new Fault('openapi_invalid', { upstream, at, problem: message }));
  const more = new Fault('openapi_invalid', { upstream, problem: `${rest} more problems` });
  return new Faults(rest > 0 ? [...faults, more] : faults);
}

/** Whether a problem of the structure is within an operation, or in what all operations of its path share. */
function isAmong({ path, method }: Operation, problems: readonly { readonly at: string }[]): boolean {
  const item = `#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return problems.some(({ at }) => {
    if (at !== item && !at.startsWith(`${item}/`)) return false;
    const [member = ''] = at.slice(item.length + 1).split('/', 1);
    return !otherMethods.has(member) || member === method.toLowerCase();
  });
}

const otherMethods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query', 'trace']);

function infoOf({ root }: OpenapiDocument, upstream: string, { resources }: OpenapiEntry): ServerInfo {
  const info = (root.info ?? {}) as JsonObject;
  const text = (value: unknown, instead: string) =>
    typeof value === 'string' && value !== '' ? value.slice(0, 200) : instead;
  return {
    revision: '2025-11-25',
    implementation: { name: upstream, title: text(info.title, upstream), version: text(info.version, '0') },
    capabilities: { tools: { listChanged: true }, ...(resources && { resources: { listChanged: true } }) },
  };
}
