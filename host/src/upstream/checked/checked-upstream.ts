import { signalOf } from '../../core/canceller.ts';
import { fail } from '../../core/fault.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { unlessAborted } from '../../core/unless-aborted.ts';
import { type Answer, resultAnswer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import { type ListMethod, listMethods, listShape } from '../../mcp/methods.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { RequestOptions, Upstream } from '../upstream.ts';
import type { CheckedLists } from './checked-lists.ts';

const isList = (method: string): method is ListMethod => (listMethods as readonly string[]).includes(method);
const listChanges: ReadonlySet<string> = new Set(listMethods.map(method => listShape(method).changed));

/** Where a client gets the lists of its upstream. */
export interface ListSource {
  /** Returns the lists, which are opened on first use. */
  lists(): CheckedLists;
  /** Whether a list is refused, and will be read again although the server reports no change. */
  readonly isRefused: boolean;
  /** Notes a change that the server reported on a connection. */
  changed(notification: string): void;
  /** Calls back with the notification of a list of which other entries are used. Returns a function that ends this. */
  subscribe(listener: (notification: string) => void): () => void;
}

/** One client's access to an upstream of which only checked lists are used: what they lack cannot be called. */
export class CheckedUpstream implements Upstream {
  readonly id: string;
  readonly #inner: Upstream;
  readonly #source: ListSource;
  readonly #onClose: () => void;
  #isClosed = false;

  constructor(inner: Upstream, source: ListSource, onClose: () => void) {
    this.id = inner.id;
    this.#inner = inner;
    this.#source = source;
    this.#onClose = onClose;
  }

  get url(): URL | undefined {
    return this.#inner.url;
  }

  get credentialHeader(): string | undefined {
    return this.#inner.credentialHeader;
  }

  get failsOver(): boolean {
    return this.#inner.failsOver === true;
  }

  get ready(): boolean {
    return this.#inner.ready;
  }

  get awaitsAccount(): boolean {
    return this.#inner.awaitsAccount === true;
  }

  /** A list that is refused is read again after a while, so that until then nothing is certain. */
  get listeningSince(): number | undefined {
    return this.#source.isRefused ? undefined : this.#inner.listeningSince;
  }

  get serverInfo(): ServerInfo | undefined {
    return this.#inner.serverInfo;
  }

  start(signal?: AbortSignal): Promise<void> {
    return this.#inner.start(signal);
  }

  async request(method: string, params: JsonObject = {}, options: RequestOptions = {}): Promise<Answer> {
    options.signal?.throwIfAborted();
    // Nothing would close the lists that it opens. A closed client refuses it.
    if (this.#isClosed) return this.#inner.request(method, params, options);
    const signal = options.signal && signalOf(options.signal);
    if (isList(method)) return unlessAborted(this.#list(method, params), signal);
    await unlessAborted(this.#checkTarget(method, params), signal);
    return this.#inner.request(method, params, options);
  }

  /** Reports changes of what is used, instead of those that the server reports on this client's connection. */
  subscribe(listener: (notification: Notification) => void): () => void {
    const ends = [
      this.#source.subscribe(method => listener({ method })),
      this.#inner.subscribe(notification => {
        if (listChanges.has(notification.method)) this.#source.changed(notification.method);
        else listener(notification);
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  setLogLevel(level: string): Promise<void> {
    return this.#inner.setLogLevel(level);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#inner[Symbol.asyncDispose]();
    this.#onClose();
  }

  async #list(method: ListMethod, { cursor }: JsonObject): Promise<Answer> {
    if (cursor !== undefined) fail('params_invalid', { hint: '`cursor` was not issued by this gateway: leave it out' });
    return resultAnswer({ [listShape(method).member]: await this.#source.lists().items(method) });
  }

  /** @throws Fault `name_unknown`, `resource_unknown`, `upstream_…` */
  async #checkTarget(method: string, { name, uri, ref }: JsonObject): Promise<void> {
    const lists = this.#source.lists();
    if (method === 'tools/call') await lists.checkName('tools/list', String(name));
    else if (method === 'prompts/get') await lists.checkName('prompts/list', String(name));
    else if (method === 'resources/read') await lists.checkUri(String(uri));
    else if (method === 'completion/complete' && isJsonObject(ref)) {
      if (ref.type === 'ref/prompt') await lists.checkName('prompts/list', String(ref.name));
      else await lists.checkUri(String(ref.uri));
    }
  }
}
