import type { z } from 'zod';
import { cut } from '../core/cut.ts';
import { Fault, Faults, fail, toFaults } from '../core/fault.ts';
import { isJsonObject, type Json } from '../core/json.ts';
import type { ManagedHost } from './managed-host.ts';
import type { AdminScope, Operation, OperationInput } from './operation.ts';
import { operations } from './operations.ts';

/** One change that a caller of the management API asked for, for the audit trail. */
export interface AdminChange {
  readonly event: 'admin.change';
  readonly request: string;
  readonly subject: string | undefined;
  readonly details: {
    readonly operation: string;
    /** The parts of the path. */
    readonly target: Readonly<Record<string, string>>;
    readonly address: string;
    readonly before?: unknown;
    readonly after?: unknown;
    /** `done`, or the codes of the refusal. */
    readonly result: string;
  };
}

export interface AdminApiOptions {
  readonly host: ManagedHost;
  /** Gets every change, whether it was made or refused. */
  audit(change: AdminChange): void;
}

/** A request to the management API, of which the URL is known. */
export interface AdminRequest {
  readonly id: string;
  readonly address: string;
  readonly subject: string | undefined;
  /** The query, each name once. */
  readonly query: Readonly<Record<string, string>>;
  readonly body: Json | undefined;
  /** The header If-Match. */
  readonly ifMatch?: string | undefined;
}

/** An operation that a URL leads to. */
export interface AdminCall {
  /** Its method and path, for the log. */
  readonly name: string;
  readonly scope: AdminScope;
  readonly takesBody: boolean;
  /** Runs the operation and returns its answer. @throws Fault, Faults */
  run(request: AdminRequest): Promise<unknown>;
}

/** The management API: finds the operation of a request, checks what was sent, runs it, and writes changes to the audit trail. */
export class AdminApi {
  readonly #options: AdminApiOptions;

  constructor(options: AdminApiOptions) {
    this.#options = options;
  }

  /** @param path as in the URL, without the query @throws Fault `path_unknown`, `http_method_refused` */
  find(method: string, path: string): AdminCall {
    const matching = operations.flatMap(operation => {
      const parts = partsOf(operation.path, path);
      return parts === undefined ? [] : [{ operation, parts }];
    });
    if (matching.length === 0) fail('path_unknown', { hint: 'GET /admin/openapi.json lists what exists' });
    const found = matching.find(({ operation }) => operation.method === method);
    if (found === undefined) {
      const allow = matching.map(({ operation }) => operation.method).join(', ');
      return fail('http_method_refused', { allow, hint: `use ${allow}` });
    }
    const { operation, parts } = found;
    return {
      name: `${operation.method} ${operation.path}`,
      scope: operation.scope,
      takesBody: operation.body !== undefined,
      run: request => this.#run(operation, parts, request),
    };
  }

  async #run(operation: Operation, parts: Readonly<Record<string, string>>, request: AdminRequest): Promise<unknown> {
    const { host } = this.#options;
    if (operation.scope === 'admin:read') return (await operation.run(host, inputOf(operation, parts, request))).answer;
    const { id, address, subject } = request;
    const audit = (result: string, { before, after }: { readonly before?: unknown; readonly after?: unknown }) =>
      this.#options.audit({
        ...{ event: 'admin.change', request: id, subject },
        details: { operation: operation.id, target: parts, address, before, after, result },
      });
    try {
      const { answer, before, after } = await operation.run(host, inputOf(operation, parts, request));
      audit('done', { before, after });
      return answer;
    } catch (error) {
      audit(
        toFaults(error)
          .map(({ code }) => code)
          .join(' '),
        { after: refusedBody(request.body) },
      );
      throw error;
    }
  }
}

/** The fields of a refused body that are named, and the characters of each name. */
const named = { fields: 20, characters: 64 };

/** Returns which fields a refused body had: their values may be secrets, and of any length. */
function refusedBody(body: Json | undefined): Json | undefined {
  if (body === undefined || !isJsonObject(body)) return undefined;
  const names = Object.keys(body);
  const fields = names.slice(0, named.fields).map(name => cut(name, named.characters));
  const { id } = body;
  return {
    ...(typeof id === 'string' && { id: cut(id, named.characters) }),
    fields,
    ...(names.length > fields.length && { more_fields: names.length - fields.length }),
  };
}

/** Returns the decoded parts of a path, or undefined if it does not match the template. */
function partsOf(template: string, path: string): Readonly<Record<string, string>> | undefined {
  const [expected, found] = [template.split('/'), path.split('/')];
  if (expected.length !== found.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const text = found[index] ?? '';
    if (!segment.startsWith('{')) {
      if (segment !== text) return undefined;
    } else {
      const decoded = decodedOf(text);
      if (decoded === undefined || decoded === '') return undefined;
      parts[segment.slice(1, -1)] = decoded;
    }
  }
  return parts;
}

function decodedOf(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Checks what was sent. @throws Faults of `admin_input_invalid`: every problem */
function inputOf(
  { query, body }: Operation,
  parts: Readonly<Record<string, string>>,
  request: AdminRequest,
): OperationInput<unknown, unknown> {
  const unknown = query === undefined ? Object.keys(request.query) : [];
  const checkedQuery = query?.safeParse(request.query);
  const checkedBody = body?.safeParse(request.body);
  const problems = [
    ...unknown.map(name => problem(['query', name], 'this operation has no such parameter')),
    ...problemsIn('query', checkedQuery?.error),
    ...problemsIn('body', checkedBody?.error),
  ];
  if (problems.length > 0) throw new Faults(problems);
  return {
    parts,
    query: checkedQuery?.data ?? {},
    body: checkedBody?.data,
    ifMatch: request.ifMatch,
    subject: request.subject,
  };
}

const problem = (path: readonly PropertyKey[], message: string) =>
  new Fault('admin_input_invalid', { path: path.map(String).join('.'), message });

const problemsIn = (place: 'query' | 'body', error: z.ZodError | undefined): readonly Fault[] =>
  (error?.issues ?? []).flatMap(issue =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map(key => problem([place, ...issue.path, key], 'unknown member'))
      : [problem([place, ...issue.path], issue.message)],
  );
