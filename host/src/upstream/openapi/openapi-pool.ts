import { pathToFileURL } from 'node:url';
import { bounded } from '../../core/bounded.ts';
import { Fault, toFault } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import { unlessAborted } from '../../core/unless-aborted.ts';
import type { ResolveName } from '../../egress/resolve-name.ts';
import { anonymous, type Principal } from '../../identity/principal.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import { ConnectionAuth } from '../auth/connection-auth.ts';
import type { UpstreamAuth } from '../auth/credential.ts';
import type { RequestTimes } from '../mcp/connection.ts';
import type { Confinement } from '../mcp/create-upstream.ts';
import type { RequestCounts } from '../request-counts.ts';
import type { ConnectFailure, Upstream, UpstreamPool } from '../upstream.ts';
import { type Api, readApi } from './api.ts';
import {
  createFileReader,
  createInlineReader,
  createUrlReader,
  type DocumentReader,
  inlineUrl,
  mostBytes,
} from './document/document-reader.ts';
import { type LoadedDocument, loadDocument } from './document/load-document.ts';
import { type ApiEgressOptions, openEgress } from './open-egress.ts';
import type { OpenapiEntry } from './openapi-entry.ts';
import { type ApiSource, type OpenApi, OpenapiUpstream } from './openapi-upstream.ts';

export interface OpenapiPoolOptions {
  readonly id: string;
  readonly entry: OpenapiEntry;
  readonly auth?: UpstreamAuth | undefined;
  readonly times: RequestTimes;
  /** Milliseconds that reading the document may take. */
  readonly startTimeoutMs: number;
  /** Bytes of one answer. */
  readonly maxAnswerBytes: number;
  /** Characters of a tool's name. */
  readonly longestName: number;
  readonly secret: (name: string) => string | undefined;
  readonly log: Log;
  /** Where the API and its document may be; also at the addresses that the entry states when absent. */
  readonly confined?: Confinement | undefined;
  /** Counts the requests. */
  readonly counts?: RequestCounts | undefined;
  /** Replaces how names become addresses. */
  readonly resolve?: ResolveName | undefined;
}

type Loaded = LoadedDocument & { readonly urls: readonly string[] };

/** Milliseconds between two looks for a document that cannot be used, at most, unless the operator wants more. */
const longestPoll = 60_000;

const toolsChanged = 'notifications/tools/list_changed';
const resourcesChanged = 'notifications/resources/list_changed';

/** An API behind the gateway, described by an OpenAPI document, whose operations are tools. */
export class OpenapiPool implements UpstreamPool, ApiSource {
  readonly id: string;
  readonly times: RequestTimes;
  readonly #options: OpenapiPoolOptions;
  readonly #url: string;
  readonly #reader: DocumentReader & Partial<AsyncDisposable>;
  readonly #closing = new AbortController();
  readonly #clients = new Set<OpenapiUpstream>();
  #loaded: Loaded | undefined;
  #open: (OpenApi & { readonly egress: AsyncDisposable }) | undefined;
  #openedAt: number | undefined;
  #attempt: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Looks for a new document in a row that failed. */
  #failedPolls = 0;
  #lastFailure: ConnectFailure | undefined;
  #common: OpenapiUpstream | undefined;

  constructor(options: OpenapiPoolOptions) {
    const { id, entry, times } = options;
    this.id = id;
    this.times = times;
    this.#options = options;
    const { document } = entry;
    if (typeof document !== 'string') {
      this.#url = inlineUrl;
      this.#reader = createInlineReader(document);
    } else if (/^https?:/i.test(document)) {
      this.#url = new URL(document).href;
      this.#reader = this.#urlReader();
    } else {
      this.#url = pathToFileURL(document).href;
      this.#reader = createFileReader(document);
    }
  }

  get counts(): RequestCounts | undefined {
    return this.#options.counts;
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get current(): OpenApi | undefined {
    return this.#open;
  }

  get listeningSince(): number | undefined {
    return this.#options.entry.poll_ms === 0 ? undefined : this.#openedAt;
  }

  get ready(): boolean {
    return this.#open !== undefined;
  }

  get wasReached(): boolean {
    return this.ready;
  }

  get lastFailure(): ConnectFailure | undefined {
    return this.#lastFailure;
  }

  get serverInfo(): ServerInfo | undefined {
    return this.#open?.api.info;
  }

  get common(): Upstream {
    this.#common ??= this.#client(anonymous);
    return this.#common;
  }

  for(caller: Principal): UpstreamPool {
    return this.#options.auth?.isPerCaller ? new CallerApi(this, () => this.#client(caller)) : this;
  }

  open(): Upstream {
    return this.#client(anonymous);
  }

  checkRoom(): void {}

  async start(signal?: AbortSignal): Promise<void> {
    await this.opened(signal);
    await this.#options.auth?.check();
  }

  async opened(signal?: AbortSignal): Promise<OpenApi> {
    if (this.#open !== undefined) return this.#open;
    this.#attempt ??= this.#load().finally(() => {
      this.#attempt = undefined;
    });
    await unlessAborted(this.#attempt, signal);
    if (this.#open === undefined) throw this.#closedFault();
    return this.#open;
  }

  onClose(client: OpenapiUpstream): void {
    this.#clients.delete(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#closing.abort(this.#closedFault());
    await this.#attempt?.catch(() => {});
    await this.#open?.egress[Symbol.asyncDispose]();
    await this.#reader[Symbol.asyncDispose]?.();
    await this.#options.auth?.[Symbol.asyncDispose]();
  }

  #closedFault(): Fault {
    return new Fault('upstream_unavailable', { upstream: this.id, hint: 'the gateway is closing it' });
  }

  #client(caller: Principal): OpenapiUpstream {
    const { auth } = this.#options;
    const client = new OpenapiUpstream(this, caller, auth && new ConnectionAuth(auth.for(caller)));
    this.#clients.add(client);
    return client;
  }

  /** Returns the addresses that requests may reach beside public ones. @param urls what the operator wrote */
  #reach(urls: readonly string[]): Pick<ApiEgressOptions, 'upstream' | 'stated' | 'allowPrivate' | 'resolve'> {
    const { entry, confined, resolve } = this.#options;
    const reach = { upstream: this.id, resolve };
    if (confined !== undefined) return { ...reach, stated: [], allowPrivate: confined.allow_private };
    return { ...reach, stated: urls, allowPrivate: entry.allow_private };
  }

  #urlReader(): DocumentReader & AsyncDisposable {
    const url = new URL(this.#url);
    const egress = openEgress({ ...this.#reach([this.#url]), origins: [url.origin], methods: ['GET'], mostBytes });
    return { ...createUrlReader(url, egress), [Symbol.asyncDispose]: () => egress[Symbol.asyncDispose]() };
  }

  /** Reads the document for the first time. @throws Fault `openapi_…`, `upstream_timeout` */
  async #load(): Promise<void> {
    try {
      await this.#read();
      this.#lastFailure = undefined;
    } catch (reason) {
      this.#closing.signal.throwIfAborted();
      this.#lastFailure = { at: Date.now(), reason };
      throw reason;
    }
    this.#pollLater();
  }

  /** Reads the document, and uses it if it is new. Returns whether it is. */
  async #read(): Promise<boolean> {
    const { startTimeoutMs, log, entry } = this.#options;
    const late = AbortSignal.timeout(startTimeoutMs);
    const signal = AbortSignal.any([this.#closing.signal, late]);
    const context = { upstream: this.id, reader: this.#reader, signal };
    const loaded = await loadDocument(this.#url, context, this.#loaded).catch((reason: unknown) => {
      if (!late.aborted || this.#closing.signal.aborted) throw reason;
      const setting = 'limits.upstream_start_ms';
      throw new Fault('upstream_timeout', { upstream: this.id, after_ms: startTimeoutMs, setting });
    });
    if (loaded === undefined) return false;
    this.#checkDigest(loaded);
    const api = readApi(loaded.document, {
      ...this.#options,
      upstream: this.id,
      entry,
      hasAuth: this.#options.auth !== undefined,
    });
    if (this.#closing.signal.aborted) throw this.#closedFault();
    const before = this.#open;
    this.#open = this.#opened(api);
    this.#loaded = loaded;
    this.#openedAt ??= Date.now();
    const { implementation } = api.info;
    const what = {
      upstream: this.id,
      api: implementation.title,
      version: implementation.version,
      digest: loaded.digest,
    };
    log.info({ ...what, tools: api.operations.size, ...changes(before?.api, api) }, 'read the OpenAPI document');
    // Calls that run keep the connections of before.
    if (before !== undefined) setTimeout(() => void before.egress[Symbol.asyncDispose](), this.times.whole.ms).unref();
    return true;
  }

  /** @throws Fault `openapi_unusable` for another document than the operator accepted */
  #checkDigest({ digest }: LoadedDocument): void {
    const { digest: accepted } = this.#options.entry;
    if (accepted === undefined || accepted === digest) return;
    const hint = `the document has the digest ${digest}: read what changed, and set openapi.digest to it`;
    throw new Fault('openapi_unusable', { upstream: this.id, path: 'openapi.digest', hint });
  }

  #opened(api: Api): OpenApi & { readonly egress: AsyncDisposable } {
    const { entry, maxAnswerBytes, log } = this.#options;
    const egress = openEgress({
      ...this.#reach([this.#url, ...(entry.base_url === undefined ? [] : [entry.base_url]), ...entry.origins]),
      origins: api.origins,
      methods: [...api.operations.values()].map(({ operation }) => operation.method),
      mostBytes: maxAnswerBytes,
    });
    const call = { egress, hasOutput: entry.output_schemas, retries: entry.retries, mostBytes: maxAnswerBytes, log };
    const headers = Object.entries(entry.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const named = headers.some(([name]) => name === 'user-agent');
    return { api, call, egress, headers: named ? headers : [...headers, ['user-agent', 'sallyport']] };
  }

  #pollLater(): void {
    const { poll_ms: ms } = this.#options.entry;
    if (ms === 0 || this.#closing.signal.aborted) return;
    const delay = Math.min(ms * 2 ** this.#failedPolls, Math.max(ms, longestPoll));
    this.#timer = setTimeout(() => void this.#poll(), delay).unref();
  }

  /** Looks for a new document. One that cannot be used leaves the API as it was. */
  async #poll(): Promise<void> {
    try {
      if (await this.#read()) this.#reportLists();
      this.#lastFailure = undefined;
      this.#failedPolls = 0;
    } catch (reason) {
      if (this.#closing.signal.aborted) return;
      this.#failedPolls += 1;
      const { code, message, hint } = toFault(reason);
      const isNews = this.#lastFailure === undefined;
      this.#lastFailure = { at: Date.now(), reason };
      const failure = { upstream: this.id, code, problem: bounded(message), hint: bounded(hint) };
      this.#options.log[isNews ? 'warn' : 'debug'](
        failure,
        'a new OpenAPI document cannot be used: the one before stays',
      );
    }
    this.#pollLater();
  }

  #reportLists(): void {
    const methods = this.#options.entry.resources ? [toolsChanged, resourcesChanged] : [toolsChanged];
    for (const client of this.#clients) for (const method of methods) client.notify({ method });
  }
}

/** The API with the credentials of one caller. */
class CallerApi implements UpstreamPool {
  readonly id: string;
  readonly #pool: OpenapiPool;
  readonly #client: () => Upstream;

  constructor(pool: OpenapiPool, client: () => Upstream) {
    this.id = pool.id;
    this.#pool = pool;
    this.#client = client;
  }

  get ready(): boolean {
    return this.#pool.ready;
  }

  get lastFailure(): ConnectFailure | undefined {
    return this.#pool.lastFailure;
  }

  get serverInfo(): ServerInfo | undefined {
    return this.#pool.serverInfo;
  }

  get wasReached(): boolean {
    return this.#pool.wasReached;
  }

  get common(): Upstream {
    return this.#pool.common;
  }

  start(signal?: AbortSignal): Promise<void> {
    return this.#pool.start(signal);
  }

  for(caller: Principal): UpstreamPool {
    return this.#pool.for(caller);
  }

  open(): Upstream {
    return this.#client();
  }

  checkRoom(): void {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Returns the names of tools that a new document adds, removes and changes. */
function changes(before: Api | undefined, after: Api): object {
  if (before === undefined) return {};
  const text = (api: Api, name: string) => JSON.stringify(api.operations.get(name)?.tool);
  const added = [...after.operations.keys()].filter(name => !before.operations.has(name));
  const removed = [...before.operations.keys()].filter(name => !after.operations.has(name));
  const changed = [...after.operations.keys()].filter(
    name => before.operations.has(name) && text(before, name) !== text(after, name),
  );
  return { added: added.slice(0, 20), removed: removed.slice(0, 20), changed: changed.slice(0, 20) };
}
