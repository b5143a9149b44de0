import { randomUUID } from 'node:crypto';
import { fail } from '../../../core/fault.ts';
import type { ClientScope } from '../../../gateway/binding.ts';
import type { Reply } from '../../../http/reply.ts';
import type { keyOf } from '../../message.ts';
import { AddressShare, addressOf } from './address-share.ts';

/** Why a call ended without an answer: its client said so, or left. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** One client's conversation with one binding, since its `initialize`. */
export interface Session {
  readonly id: string;
  readonly binding: string;
  readonly revision: string;
  /** What it has of the upstreams. */
  readonly client: ClientScope;
  /** Requests that run, by `keyOf` the client's id; aborting one cancels it. */
  readonly running: Map<ReturnType<typeof keyOf>, AbortController>;
  /** Least severe log messages that the client wants; none unless it said so. */
  logLevel?: string;
  /** The open GET streams, the newest last. */
  readonly streams: Reply[];
  /** Milliseconds since the epoch. */
  lastUsed: number;
}

/** As in `limits` of sallyport.yaml. */
export interface SessionLimits {
  readonly sessions: number;
  /** Milliseconds after which a session ends in which nothing happens. */
  readonly session_idle_ms: number;
  /** Streams of notifications at one time. */
  readonly streams: number;
  /** What one address may take of the sessions and streams that the others leave. */
  readonly address_share: number;
}

export interface NewSession {
  readonly binding: string;
  readonly revision: string;
  readonly remoteAddress: string | undefined;
  /** Opens the upstreams for it. They are disposed at its end. */
  open(isListening: () => boolean): ClientScope & Disposable;
}

interface OpenSession extends Session {
  readonly address: string;
  readonly client: ReturnType<NewSession['open']>;
}

/** Milliseconds after which a session in which nothing happens may be ended to make room for a new one. */
const abandonedMs = 60_000;
/** Streams of one session. A client whose connection died unnoticed opens another one. */
const mostStreams = 4;
/** Milliseconds between two looks for idle sessions. */
const sweepMs = { least: 100, most: 30_000 };

/**
 * The sessions of clients. Their number is bounded, and so is what one remote address may hold of them. A session that was
 * not used for a minute makes room: for an address that has its share one of its own, and where all are taken one of the
 * address that holds most.
 */
export class Sessions implements Disposable {
  readonly #limits: SessionLimits;
  readonly #sessions = new Map<string, OpenSession>();
  readonly #places: AddressShare;
  readonly #streamPlaces: AddressShare;
  readonly #sweeper: NodeJS.Timeout;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
    this.#places = new AddressShare(limits.sessions, limits.address_share);
    this.#streamPlaces = new AddressShare(limits.streams, limits.address_share);
    const every = Math.min(Math.max(limits.session_idle_ms / 4, sweepMs.least), sweepMs.most);
    this.#sweeper = setInterval(() => this.#endIdle(), every).unref();
  }

  /** @throws Fault `sessions_exhausted` */
  create({ binding, revision, remoteAddress, open }: NewSession): Session {
    const address = addressOf(remoteAddress);
    this.#makeRoom(address);
    const client = open(() => session.streams.length > 0);
    const session: OpenSession = {
      ...{ id: randomUUID(), binding, revision, address, client },
      ...{ running: new Map(), streams: [], lastUsed: Date.now() },
    };
    this.#sessions.set(session.id, session);
    this.#places.take(address);
    return session;
  }

  /** @throws Fault `session_missing`, `session_unknown`, the latter for one of another binding too */
  find(id: string | undefined, binding: string): Session {
    if (id === undefined) return fail('session_missing');
    const session = this.#sessions.get(id);
    if (session === undefined || session.binding !== binding) return fail('session_unknown');
    session.lastUsed = Date.now();
    return session;
  }

  /** Adds a stream to a session. One too many of the session ends its oldest. @throws Fault `streams_exhausted` */
  addStream({ id }: Session, stream: Reply): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    const { address, streams } = session;
    const [oldest] = streams;
    if (oldest !== undefined && streams.length >= mostStreams) {
      this.removeStream(session, oldest);
      oldest.end(200);
    }
    if (this.#streamPlaces.isFull || this.#streamPlaces.isSpent(address)) {
      const hint = exhausted('streams', 'limits.streams', this.#streamPlaces.isFull);
      fail('streams_exhausted', { limit: this.#limits.streams, hint });
    }
    this.#streamPlaces.take(address);
    streams.push(stream);
  }

  /** Says that a stream is over. */
  removeStream({ id, streams }: Session, stream: Reply): void {
    const at = streams.indexOf(stream);
    const session = this.#sessions.get(id);
    if (at < 0 || session === undefined) return;
    streams.splice(at, 1);
    session.lastUsed = Date.now();
    this.#streamPlaces.giveBack(session.address);
  }

  /** Ends a session, and cancels what runs in it. */
  end({ id }: Session): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    for (const controller of session.running.values()) controller.abort(new Cancelled('the session ended'));
    for (const stream of [...session.streams]) {
      this.removeStream(session, stream);
      stream.end(200);
    }
    this.#sessions.delete(id);
    this.#places.giveBack(session.address);
    session.client[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sweeper);
    for (const session of this.#sessions.values()) this.end(session);
  }

  #makeRoom(address: string): void {
    const { isFull } = this.#places;
    if (!isFull && !this.#places.isSpent(address)) return;
    let found: OpenSession | undefined;
    const held = (session: OpenSession | undefined) => (session === undefined ? 0 : this.#places.held(session.address));
    for (const session of this.#unused(abandonedMs)) {
      if (!isFull && session.address !== address) continue;
      const more = held(session) - held(found);
      if (more > 0 || (more === 0 && session.lastUsed < (found?.lastUsed ?? 0))) found = session;
    }
    if (found === undefined) {
      const hint = exhausted('sessions', 'limits.sessions', isFull);
      fail('sessions_exhausted', { limit: this.#limits.sessions, hint });
    }
    this.end(found);
  }

  *#unused(ms: number): Iterable<OpenSession> {
    const before = Date.now() - ms;
    for (const session of this.#sessions.values()) {
      if (session.lastUsed < before && session.running.size === 0 && session.streams.length === 0) yield session;
    }
  }

  #endIdle(): void {
    for (const session of this.#unused(this.#limits.session_idle_ms)) this.end(session);
  }
}

const exhausted = (what: string, setting: string, isFull: boolean) =>
  isFull
    ? `all ${what} that \`${setting}\` allows are in use: try again later, or raise it`
    : `your address holds its share of the ${what}: end some, or raise \`${setting}\` or \`limits.address_share\``;
