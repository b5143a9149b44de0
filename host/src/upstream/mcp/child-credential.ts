import { fail } from '../../core/fault.ts';
import type { Answer } from '../../mcp/answer.ts';
import type { ConnectionAuth } from '../auth/connection-auth.ts';
import type { Credential } from '../auth/credential.ts';
import type { RequestOptions } from '../upstream.ts';
import { type Connection, SessionExpired } from './connection.ts';

/** Milliseconds in which a new child serves requests, however short its credential lives. */
const newMs = 1_000;

export interface ChildCredential {
  /** What the child gets in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns the connection with the child, which expires with the credential. */
  whileCurrent(connection: Connection): Connection;
}

/**
 * Gets the credential that a new child has in its environment to its end.
 * @throws Fault `upstream_auth_…`
 */
export async function childCredential(upstream: string, auth: ConnectionAuth): Promise<ChildCredential> {
  const credential = await auth.current();
  return {
    env: { [auth.place]: auth.written(credential) },
    whileCurrent: connection => new ExpiringConnection(upstream, connection, auth, credential),
  };
}

/**
 * A connection with a child that has a credential in its environment. Once its caller has another credential, it takes no
 * more requests, as if its session had expired, and it ends when those that run have ended.
 */
class ExpiringConnection implements Connection {
  readonly serverInfo: Connection['serverInfo'];
  readonly keepsState: boolean;
  readonly #upstream: string;
  readonly #connection: Connection;
  readonly #auth: ConnectionAuth;
  readonly #credential: Credential;
  /** Until when it serves requests although its credential may be stale already. */
  readonly #isNewUntil: number;
  readonly #running = new Set<Promise<unknown>>();

  constructor(upstream: string, connection: Connection, auth: ConnectionAuth, credential: Credential) {
    this.serverInfo = connection.serverInfo;
    this.keepsState = connection.keepsState;
    this.#upstream = upstream;
    this.#connection = connection;
    this.#auth = auth;
    this.#credential = credential;
    // A child whose credential is stale at once would never serve a request.
    this.#isNewUntil = credential.staleAt < Date.now() + newMs ? Date.now() + newMs : 0;
  }

  get listeningSince(): number | undefined {
    return this.#connection.listeningSince;
  }

  async request(
    method: string,
    params: Parameters<Connection['request']>[1],
    options: RequestOptions,
  ): Promise<Answer> {
    const isNew = Date.now() < this.#isNewUntil;
    const { value } = isNew ? this.#credential : await this.#auth.current(options.caller, options.signal);
    if (value !== this.#credential.value) throw new SessionExpired(() => this.#refuse());
    const send = (on: RequestOptions) => this.#connection.request(method, params, on);
    const answer = this.#auth.hidden(options, send);
    this.#running.add(answer);
    try {
      return await answer;
    } finally {
      this.#running.delete(answer);
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async release(): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#connection.release();
  }

  #refuse(): never {
    const hint = 'its credentials changed twice while a request was sent: send it again';
    return fail('upstream_auth_failed', { upstream: this.#upstream, hint });
  }
}
