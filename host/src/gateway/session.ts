import { randomUUID } from 'node:crypto';
import { fail } from '../core/fault.ts';
import type { ClientScope } from './binding.ts';
import type { keyOf } from './message.ts';
import type { Reply } from './reply.ts';

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

export interface Sessions {
  /** @param open opens the upstreams for it; closed at its end @throws Fault `sessions_exhausted` */
  create(binding: string, revision: string, open: Open): Session;
  /** @throws Fault `session_missing`, `session_unknown`, the latter for one of another binding too */
  find(id: string | undefined, binding: string): Session;
  /** Ends a session, and cancels what runs in it. */
  end(session: Session): void;
  all(): Iterable<Session>;
}

type Open = (isListening: () => boolean) => ClientScope & Disposable;

interface OpenSession extends Session {
  readonly client: ReturnType<Open>;
}

/** Milliseconds after which a session in which nothing happens may be ended to make room for a new one. */
const idle = 60_000;

/** At most `max` sessions. When all are taken, the one that was idle longest makes room. */
export function createSessions(max: number): Sessions {
  const sessions = new Map<string, OpenSession>();

  const end = (session: Session) => {
    const open = sessions.get(session.id);
    if (open === undefined) return;
    sessions.delete(session.id);
    for (const controller of session.running.values()) controller.abort(new Cancelled('the session ended'));
    for (const stream of session.streams) stream.end(200);
    open.client[Symbol.dispose]();
  };

  const makeRoom = () => {
    let oldest: Session | undefined;
    for (const session of sessions.values()) {
      const inUse = session.running.size > 0 || session.streams.length > 0;
      if (!inUse && session.lastUsed < (oldest?.lastUsed ?? Date.now() - idle)) oldest = session;
    }
    if (oldest === undefined) return fail('sessions_exhausted', { limit: max });
    return end(oldest);
  };

  return {
    create(binding, revision, open) {
      if (sessions.size >= max) makeRoom();
      const client = open(() => session.streams.length > 0);
      const session: OpenSession = {
        ...{ id: randomUUID(), binding, revision, client, running: new Map(), streams: [], lastUsed: Date.now() },
      };
      sessions.set(session.id, session);
      return session;
    },
    find(id, binding) {
      if (id === undefined) return fail('session_missing');
      const session = sessions.get(id);
      if (session === undefined || session.binding !== binding) return fail('session_unknown');
      session.lastUsed = Date.now();
      return session;
    },
    end,
    all: () => sessions.values(),
  };
}
