import { hash, randomUUID } from 'node:crypto';
import type { Canceller } from '../../../core/canceller.ts';
import { networkOf } from '../../../core/cidr.ts';
import { fail } from '../../../core/fault.ts';
import type { JsonObject } from '../../../core/json.ts';
import { type MaybePromise, whenThere } from '../../../core/maybe-promise.ts';
import { type Placed, PlacedSet } from '../../../core/placed-set.ts';
import type { SessionFacts, SessionStore } from '../../../state/session-store.ts';
import { Cancelled } from '../../cancelled.ts';
import type { keyOf, Notification } from '../../message.ts';
import type { Client, RequestedBinding, SessionLimit } from '../gateway-port.ts';
import type { NotificationStream } from '../reply.ts';
import type { SessionReport } from '../revision.ts';
import type { SessionLimits } from '../session-limits.ts';
import { AddressShare } from './address-share.ts';

/**
 * A client's session with a binding since `initialize`: its stored facts, and the handles that only this process has.
 */
export interface Session {
  readonly facts: SessionFacts;
  readonly client: Client;
  readonly running: PlacedSet<RunningCall>;
  /** The open GET streams, the newest last. */
  readonly streams: readonly NotificationStream[];
  /** The ids of pages that its client was asked to show, and whose end it will be notified of. */
  readonly elicitations: Set<string>;
}

/** A running request of a session. Aborting it cancels it. */
export interface RunningCall extends Placed {
  /** The client's id, as `keyOf` returns it. */
  readonly key: ReturnType<typeof keyOf>;
  readonly canceller: Canceller;
}

export interface NewSession {
  readonly binding: RequestedBinding;
  readonly revision: string;
  readonly clientCapabilities: JsonObject;
  readonly clientAddress: string;
}

export interface SessionsOptions {
  readonly limits: SessionLimits;
  readonly store: SessionStore;
  /** Receives an upstream's own messages for the client of a session. */
  onNotification(session: Session, notification: Notification, isShared: boolean): void;
}

/** The milliseconds after which an idle session may be ended to make room for a new one. */
const abandonedMs = 60_000;
/** The maximum number of streams per session. A client whose connection died unnoticed opens another one. */
const mostStreams = 4;
/** The milliseconds between two checks for idle sessions. */
const sweepMs = { least: 100, most: 30_000 };

/**
 * The sessions of this process. Their number is bounded, and so is the share of one remote address. A session that has
 * been idle for a minute can be ended to make room: one of the same address if it has used up its share, otherwise one
 * of the address with the most sessions.
 *
 * The store decides whether a session exists. Handles that cannot be stored are created when they are missing, so that
 * a session started by another process continues in this one.
 */
export class Sessions implements Disposable {
  #limits: SessionLimits;
  readonly #store: SessionStore;
  readonly #onNotification: SessionsOptions['onNotification'];
  readonly #local = new Map<string, LocalSession>();
  readonly #places: AddressShare;
  readonly #streamPlaces: AddressShare;
  /** The number of sessions of each tenant and caller whose sessions are limited. */
  readonly #owned = new Map<string, number>();
  #sweeper: NodeJS.Timeout;

  constructor({ limits, store, onNotification }: SessionsOptions) {
    this.#limits = limits;
    this.#store = store;
    this.#onNotification = onNotification;
    this.#places = new AddressShare(limits.sessions, limits.address_share);
    this.#streamPlaces = new AddressShare(limits.streams, limits.address_share);
    this.#sweeper = this.#sweepOften();
  }

  /** Changes the limits. Sessions and streams beyond a lower one stay until they end. */
  changeTo(limits: SessionLimits): void {
    this.#limits = limits;
    this.#places.changeTo(limits.sessions, limits.address_share);
    this.#streamPlaces.changeTo(limits.streams, limits.address_share);
    clearInterval(this.#sweeper);
    this.#sweeper = this.#sweepOften();
  }

  /** The number of sessions and streams in this process. */
  get held(): { readonly sessions: number; readonly streams: number } {
    return { sessions: this.#local.size, streams: this.#streamPlaces.taken };
  }

  /** @throws Fault `sessions_exhausted` */
  create({ binding, revision, clientCapabilities, clientAddress }: NewSession): MaybePromise<Session> {
    const facts: SessionFacts = {
      id: randomUUID(),
      binding: binding.id,
      principal: binding.principalKey,
      revision,
      clientCapabilities,
      address: networkOf(clientAddress),
      lastUsed: Date.now(),
    };
    const session = this.#open(facts, binding);
    return whenThere(this.#store.create(facts), () => session);
  }

  /** @throws Fault `session_missing`; `session_unknown`, also for a session of another binding or caller */
  find(id: string | undefined, binding: RequestedBinding): MaybePromise<Session> {
    if (id === undefined) return fail('session_missing');
    return whenThere(this.#store.find(id), facts => this.#take(id, facts, binding));
  }

  /** Sets the log level that the client of a session wants. */
  async setLogLevel({ facts, client }: Session, level: string): Promise<void> {
    const session = this.#local.get(facts.id);
    if (session !== undefined) session.facts = { ...facts, logLevel: level };
    await Promise.all([this.#store.setLogLevel(facts.id, level), client.setLogLevel(level)]);
  }

  /**
   * Opens a stream of a session. One too many of the session ends its oldest.
   * @throws Fault `streams_exhausted`, before the stream is opened
   */
  addStream({ facts }: Session, open: () => NotificationStream): NotificationStream {
    const session = this.#local.get(facts.id);
    if (session === undefined) return fail('session_unknown');
    const { address } = session.facts;
    const [oldest] = session.streams;
    if (oldest !== undefined && session.streams.length >= mostStreams) {
      this.removeStream(session, oldest);
      oldest.end(200);
    }
    if (this.#streamPlaces.isFull || this.#streamPlaces.isSpent(address)) {
      const hint = exhausted('streams', 'limits.streams', this.#streamPlaces.isFull);
      fail('streams_exhausted', { limit: this.#limits.streams, hint });
    }
    const stream = open();
    this.#streamPlaces.take(address);
    session.streams.push(stream);
    return stream;
  }

  /** Removes a closed stream. */
  removeStream({ facts }: Session, stream: NotificationStream): void {
    const session = this.#local.get(facts.id);
    const at = session?.streams.indexOf(stream) ?? -1;
    if (at < 0 || session === undefined) return;
    session.streams.splice(at, 1);
    session.lastUsed = Date.now();
    this.#streamPlaces.giveBack(session.facts.address);
  }

  /** Ends a session and cancels its running requests. */
  end({ facts }: Session): MaybePromise<void> {
    this.#close(facts.id);
    return this.#store.end(facts.id);
  }

  /** Describes the sessions of this process. */
  reports(): readonly SessionReport[] {
    return [...this.#local.values()].map(({ facts, lastUsed, running, streams }) => {
      const { id, binding, principal, revision, address } = facts;
      const counts = { running: running.size, streams: streams.length };
      return { handle: handleOf(id), binding, principal, revision, address, lastUsed, ...counts };
    });
  }

  /** Ends the session with this handle. Returns whether there was one. */
  endByHandle(handle: string): MaybePromise<boolean> {
    const session = [...this.#local.values()].find(({ facts }) => handleOf(facts.id) === handle);
    return session === undefined ? false : whenThere(this.end(session), () => true);
  }

  /** Closes the handles of this process. The sessions themselves stay in the store. */
  [Symbol.dispose](): void {
    clearInterval(this.#sweeper);
    for (const id of this.#local.keys()) this.#close(id);
  }

  #take(id: string, facts: SessionFacts | undefined, binding: RequestedBinding): Session {
    if (facts === undefined) this.#close(id);
    const isOwn = facts?.binding === binding.id && facts.principal === binding.principalKey;
    if (facts === undefined || !isOwn) return fail('session_unknown');
    const session = this.#local.get(id) ?? this.#open(facts, binding);
    session.facts = facts;
    session.lastUsed = Date.now();
    ignoreFailure(this.#store.touch(id, session.lastUsed));
    return session;
  }

  /** Opens the handles of a session in this process. @throws Fault `sessions_exhausted`; `session_unknown` if its binding was removed */
  #open(facts: SessionFacts, binding: RequestedBinding): LocalSession {
    for (const limit of binding.sessionLimits) this.#makeRoomFor(limit);
    this.#makeRoom(facts.address);
    const session = new LocalSession(facts, binding, {
      onNotification: this.#onNotification,
      onRemoved: removed => this.#remove(removed),
    });
    if (session.isRemoved) {
      session.client[Symbol.dispose]();
      return fail('session_unknown');
    }
    this.#local.set(facts.id, session);
    this.#places.take(facts.address);
    this.#count(session, 1);
    return session;
  }

  #close(id: string): void {
    const session = this.#local.get(id);
    if (session === undefined) return;
    for (const { canceller } of session.running) canceller.abort(new Cancelled('the session ended'));
    this.#forget(session);
    session.client[Symbol.dispose]();
  }

  /** Ends a session whose binding was removed. Its running requests finish, and the gateway disposes of its client. */
  #remove(session: LocalSession): void {
    if (this.#local.get(session.facts.id) === session) this.#forget(session);
    ignoreFailure(this.#store.end(session.facts.id));
  }

  #forget(session: LocalSession): void {
    for (const stream of [...session.streams]) {
      this.removeStream(session, stream);
      stream.end(200);
    }
    this.#local.delete(session.facts.id);
    this.#places.giveBack(session.facts.address);
    this.#count(session, -1);
  }

  #sweepOften(): NodeJS.Timeout {
    const every = Math.min(Math.max(this.#limits.session_idle_ms / 4, sweepMs.least), sweepMs.most);
    return setInterval(() => this.#sweep(), every).unref();
  }

  #makeRoom(address: string): void {
    const { isFull } = this.#places;
    if (!isFull && !this.#places.isSpent(address)) return;
    let found: LocalSession | undefined;
    const held = (session: LocalSession | undefined) =>
      session === undefined ? 0 : this.#places.held(session.facts.address);
    for (const session of this.#unused(abandonedMs)) {
      if (!isFull && session.facts.address !== address) continue;
      const more = held(session) - held(found);
      if (more > 0 || (more === 0 && session.lastUsed < (found?.lastUsed ?? 0))) found = session;
    }
    if (found === undefined) {
      const hint = exhausted('sessions', 'limits.sessions', isFull);
      fail('sessions_exhausted', { limit: this.#limits.sessions, hint });
    }
    ignoreFailure(this.end(found));
  }

  /** Ends an abandoned session of a tenant or caller that has as many as it may. @throws Fault `quota_exceeded` */
  #makeRoomFor({ owner, most, setting, refused }: SessionLimit): void {
    if ((this.#owned.get(owner) ?? 0) < most) return;
    for (const session of this.#unused(abandonedMs)) {
      if (!session.owners.includes(owner)) continue;
      ignoreFailure(this.end(session));
      return;
    }
    refused();
    fail('quota_exceeded', { setting, retry_after_ms: abandonedMs, hint: `end a session, or raise \`${setting}\`` });
  }

  #count({ owners }: LocalSession, change: 1 | -1): void {
    for (const owner of owners) {
      const count = (this.#owned.get(owner) ?? 0) + change;
      if (count === 0) this.#owned.delete(owner);
      else this.#owned.set(owner, count);
    }
  }

  *#unused(ms: number): Iterable<LocalSession> {
    const before = Date.now() - ms;
    for (const session of this.#local.values()) {
      if (session.lastUsed < before && !session.isBusy) yield session;
    }
  }

  #sweep(): void {
    // A call or a stream keeps its session alive, however long it lasts.
    for (const [id, session] of this.#local) if (session.isBusy) ignoreFailure(this.#store.touch(id, Date.now()));
    for (const { facts } of this.#unused(this.#limits.session_idle_ms)) this.#close(facts.id);
    ignoreFailure(this.#store.dropIdle());
  }
}

interface SessionEvents extends Pick<SessionsOptions, 'onNotification'> {
  /** Called when the binding of the session was removed. */
  onRemoved(session: LocalSession): void;
}

class LocalSession implements Session {
  facts: SessionFacts;
  lastUsed: number;
  /** The tenant and the caller that it counts for. */
  readonly owners: readonly string[];
  readonly client: Client;
  readonly running: Session['running'] = new PlacedSet();
  readonly streams: NotificationStream[] = [];
  readonly elicitations: Session['elicitations'] = new Set();
  /** Whether its binding was removed, also while the session was opened. */
  isRemoved = false;

  constructor(facts: SessionFacts, binding: RequestedBinding, { onNotification, onRemoved }: SessionEvents) {
    this.facts = facts;
    this.lastUsed = facts.lastUsed;
    this.owners = binding.sessionLimits.map(({ owner }) => owner);
    this.client = binding.openClient({
      isListening: () => this.streams.length > 0,
      onNotification: (notification, isShared) => onNotification(this, notification, isShared),
      onRemoved: () => {
        this.isRemoved = true;
        onRemoved(this);
      },
    });
    if (facts.logLevel !== undefined) ignoreFailure(this.client.setLogLevel(facts.logLevel));
  }

  get isBusy(): boolean {
    return this.running.size > 0 || this.streams.length > 0;
  }
}

/**
 * Ignores a failure of the store, because it will fail again when the session is looked up, which the client then sees.
 */
function ignoreFailure(done: MaybePromise<unknown>): void {
  if (done instanceof Promise) done.catch(() => {});
}

/** Names a session to an operator. The id itself would let its reader take over the session. */
const handleOf = (id: string): string => hash('sha256', id, 'hex').slice(0, 16);

const exhausted = (what: string, setting: string, isFull: boolean) =>
  isFull
    ? `all ${what} that \`${setting}\` allows are in use: try again later, or raise it`
    : `your address has used up its share of the ${what}: end some, or raise \`${setting}\` or \`limits.address_share\``;
