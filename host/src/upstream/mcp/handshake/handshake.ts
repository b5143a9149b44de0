import type { JsonObject } from '../../../core/json.ts';
import type { Answer } from '../../../mcp/answer.ts';
import type { ServerInfo } from '../../../mcp/server-info.ts';

/**
 * Finds out a server's revision and capabilities when a connection is made. Each handshake of MCP is a file in this folder.
 * @throws Fault `upstream_revision`, `upstream_garbage`, and what the peer throws
 */
export type Handshake = (upstream: string, peer: Peer, signal: AbortSignal) => Promise<ServerInfo>;

/** The server's side of a handshake, over any transport. Aborting `signal` ends both. */
export interface Peer {
  request(method: string, params: JsonObject, signal: AbortSignal): Promise<Answer>;
  /** Sends a notification; resolves when the server has accepted it. */
  notify(method: string, signal: AbortSignal): Promise<void>;
  /** Receives the revision that was agreed on, which holds from the next message on. */
  agreed?(revision: string): void;
}
