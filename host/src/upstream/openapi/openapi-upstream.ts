import { signalOf } from '../../core/canceller.ts';
import { Fault } from '../../core/fault.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Principal } from '../../identity/principal.ts';
import { type Answer, errorAnswer, resultAnswer } from '../../mcp/answer.ts';
import { jsonRpc } from '../../mcp/errors.ts';
import type { Notification } from '../../mcp/message.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { ConnectionAuth } from '../auth/connection-auth.ts';
import type { RequestTimes } from '../mcp/connection.ts';
import { requestTimes, timeoutFault } from '../mcp/pending-request.ts';
import type { RequestCounts } from '../request-counts.ts';
import type { RequestOptions, Upstream } from '../upstream.ts';
import type { Api } from './api.ts';
import { callOperation, type OperationCall } from './call/call-operation.ts';
import type { ApiOperation } from './operation/operation.ts';
import type { ApiResources } from './resource/api-resources.ts';
import { type Called, resourceAnswer, unknownResource } from './resource/read-resource.ts';

type SentOptions = RequestOptions & { readonly signal: AbortSignal };

/** An API that is ready to be called. */
export interface OpenApi {
  readonly api: Api;
  readonly call: Pick<OperationCall, 'egress' | 'hasOutput' | 'retries' | 'mostBytes' | 'log'>;
  /** Headers of each request, in lower case. */
  readonly headers: readonly (readonly [string, string])[];
}

/** What the clients of one API share. */
export interface ApiSource {
  readonly id: string;
  readonly times: RequestTimes;
  readonly closing: AbortSignal;
  /** Counts the requests. */
  readonly counts: RequestCounts | undefined;
  /** The API, once its document was read. */
  readonly current: OpenApi | undefined;
  /** Since when changes of the document would be noticed. */
  readonly listeningSince: number | undefined;
  /** Reads the document, if it was not read yet. */
  opened(signal?: AbortSignal): Promise<OpenApi>;
  onClose(client: OpenapiUpstream): void;
}

/** One client's access to an API. An API keeps no state for its clients, so they differ only in their credentials. */
export class OpenapiUpstream implements Upstream {
  readonly id: string;
  readonly credentialHeader: string | undefined;
  readonly #source: ApiSource;
  readonly #auth: ConnectionAuth | undefined;
  readonly #caller: Principal;
  readonly #listeners = new Set<(notification: Notification) => void>();

  constructor(source: ApiSource, caller: Principal, auth?: ConnectionAuth) {
    this.id = source.id;
    this.credentialHeader = auth?.place;
    this.#source = source;
    this.#caller = caller;
    this.#auth = auth;
  }

  get url(): URL | undefined {
    const base = this.#source.current?.api.base;
    return base === undefined ? undefined : new URL(base);
  }

  get ready(): boolean {
    return this.#source.current !== undefined;
  }

  get listeningSince(): number | undefined {
    return this.#source.listeningSince;
  }

  get serverInfo(): ServerInfo | undefined {
    return this.#source.current?.api.info;
  }

  async start(signal?: AbortSignal): Promise<void> {
    await this.#source.opened(signal);
  }

  request(method: string, params: JsonObject = {}, options: RequestOptions = {}): Promise<Answer> {
    const answer = this.#request(method, params, options);
    return this.#source.counts?.of(method, answer, options.signal) ?? answer;
  }

  subscribe(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async setLogLevel(): Promise<void> {}

  notify(notification: Notification): void {
    for (const listener of this.#listeners) listener(notification);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    this.#source.onClose(this);
  }

  async #request(method: string, params: JsonObject, options: RequestOptions): Promise<Answer> {
    options.signal?.throwIfAborted();
    const { idle } = requestTimes(options, this.#source.times);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(timeoutFault(this.id, method, idle)), idle.ms);
    const signals = [late.signal, this.#source.closing, ...(options.signal ? [signalOf(options.signal)] : [])];
    const signal = AbortSignal.any(signals);
    try {
      const open = this.#source.current ?? (await this.#source.opened(signal));
      return await this.#answer(open, method, params, { ...options, signal });
    } finally {
      clearTimeout(timer);
    }
  }

  #answer(open: OpenApi, method: string, params: JsonObject, options: SentOptions): Promise<Answer> | Answer {
    switch (method) {
      case 'tools/list':
        return resultAnswer({ tools: [...open.api.operations.values()].map(({ tool }) => tool) });
      case 'tools/call':
        return this.#call(open, params, options);
      case 'resources/list':
        if (open.api.resources !== undefined) return resultAnswer({ resources: open.api.resources.resources });
        break;
      case 'resources/templates/list':
        if (open.api.resources !== undefined) return resultAnswer({ resourceTemplates: open.api.resources.templates });
        break;
      case 'resources/read':
        if (open.api.resources !== undefined) return this.#read(open, open.api.resources, String(params.uri), options);
        break;
      case 'ping':
        return resultAnswer({});
    }
    return errorAnswer({ code: jsonRpc.methodNotFound, message: `Method not found: ${method.slice(0, 100)}` });
  }

  async #call(open: OpenApi, { name, arguments: values }: JsonObject, options: SentOptions): Promise<Answer> {
    const operation = typeof name === 'string' ? open.api.operations.get(name) : undefined;
    if (operation === undefined) {
      return errorAnswer({ code: jsonRpc.invalidParams, message: `Unknown tool: ${String(name).slice(0, 100)}` });
    }
    return this.#authorized(options, async (sent, credential) => {
      const called = await this.#send(open, operation, values, sent, credential);
      return { answer: resultAnswer(called.result), status: called.status };
    });
  }

  async #read(open: OpenApi, resources: ApiResources, uri: string, options: SentOptions): Promise<Answer> {
    const found = resources.find(uri);
    if (found === undefined) return unknownResource(uri);
    const plain = { ...open, call: { ...open.call, hasOutput: false } };
    return this.#authorized(options, async (sent, credential) => {
      const called = await this.#send(plain, found.api, found.values, sent, credential);
      return { answer: resourceAnswer(uri, called), status: called.status };
    });
  }

  /** Sends a request with the credentials of its caller, and once more with others if the API rejects them. */
  async #authorized(
    options: SentOptions,
    sendWith: (
      options: SentOptions,
      credential?: string,
    ) => Promise<{ readonly answer: Answer; readonly status: number | undefined }>,
  ): Promise<Answer> {
    const auth = this.#auth;
    if (auth === undefined) return (await sendWith(options)).answer;
    const caller = options.caller ?? this.#caller;
    return auth.hidden(options, async hiding => {
      const sent = { ...hiding, signal: options.signal };
      const credential = await auth.current(caller, options.signal);
      const { answer, status } = await sendWith(sent, auth.written(credential));
      if (status !== 401) return answer;
      const renewed = await auth.renew(credential, caller, options.signal);
      return renewed === undefined ? answer : (await sendWith(sent, auth.written(renewed))).answer;
    });
  }

  /** Sends the request of an operation. Secrets are hidden in what comes back. */
  async #send(
    { api, call, headers }: OpenApi,
    operation: ApiOperation,
    values: Json | undefined,
    { signal, headers: set = [], traceHeaders = [] }: SentOptions,
    credential?: string,
  ): Promise<Called> {
    const { credentials } = api;
    const place = this.credentialHeader;
    const auth = place === undefined || credential === undefined ? [] : [[place, credential] as const];
    const own = credentials.for(operation.operation, credential !== undefined);
    // No plugin replaces a credential.
    const secret = new Set([
      place,
      ...own.headers.map(([name]) => name),
      ...(own.cookies.length > 0 ? ['cookie'] : []),
    ]);
    const traced = new Set(traceHeaders.map(([name]) => name));
    const kept = set.filter(([name]) => !secret.has(name.toLowerCase()) && !traced.has(name.toLowerCase()));
    try {
      const called = await callOperation(operation, values, {
        ...call,
        ...{ upstream: this.id, signal, headers: [...auth, ...kept, ...traceHeaders] },
        own: { ...own, headers: [...headers, ...own.headers] },
      });
      return { ...called, result: credentials.mask.value(called.result) };
    } catch (thrown) {
      throw thrown instanceof Fault
        ? new Fault(thrown.code, credentials.mask.value(thrown.details), thrown.cause)
        : thrown;
    }
  }
}
