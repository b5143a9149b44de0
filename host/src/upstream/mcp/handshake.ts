import { Fault } from '../../core/fault.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { version } from '../../core/version.ts';
import type { Answer, RpcError } from '../../mcp/answer.ts';
import { jsonRpc } from '../../mcp/errors.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';

/** The revisions that a server may answer with, newest first. The gateway asks for the first. */
const revisions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'];

/** The server's side of a handshake, over any transport. Aborting `signal` ends both. */
export interface Peer {
  request(method: string, params: JsonObject, signal: AbortSignal): Promise<Answer>;
  /** Sends a notification; resolves when the server has accepted it. */
  notify(method: string, signal: AbortSignal): Promise<void>;
  /** The revision is known, and holds from the next message on. */
  agreed?(revision: string): void;
}

/**
 * Negotiates revision and capabilities (MCP 2025-11-25, Lifecycle § Initialization). The gateway offers no capabilities of
 * a client.
 * @throws Fault `upstream_revision`, `upstream_garbage`, and what the peer throws
 */
export async function shakeHands(upstream: string, peer: Peer, signal: AbortSignal): Promise<ServerInfo> {
  const clientInfo = { name: 'sallyport', version };
  const params = { protocolVersion: revisions[0], capabilities: {}, clientInfo };
  const { result, error } = await peer.request('initialize', params, signal);
  if (error !== undefined) throw refusal(upstream, error);
  const serverInfo = serverInfoIn(upstream, result);
  peer.agreed?.(serverInfo.revision);
  await peer.notify('notifications/initialized', signal);
  return serverInfo;
}

function serverInfoIn(upstream: string, result: JsonObject): ServerInfo {
  const { protocolVersion, capabilities, serverInfo, instructions } = result;
  if (typeof protocolVersion !== 'string' || !isJsonObject(capabilities)) {
    const hint = 'its answer to initialize has no protocolVersion or no capabilities';
    throw new Fault('upstream_garbage', { upstream, hint });
  }
  if (!revisions.includes(protocolVersion)) throw otherRevision(upstream, `it answered with ${protocolVersion}`);
  return {
    revision: protocolVersion,
    capabilities,
    implementation: isJsonObject(serverInfo) ? serverInfo : {},
    ...(typeof instructions === 'string' ? { instructions } : {}),
  };
}

/** Of revision 2026-07-28. */
const unsupportedVersion = -32022;

function refusal(upstream: string, { code, message, data }: RpcError): Fault {
  const told = `${code}: ${message}`;
  if (code === jsonRpc.methodNotFound)
    return otherRevision(upstream, 'it does not support initialize, which later revisions lack');
  if (code !== unsupportedVersion && !/unsupported.*version|version.*not supported/i.test(message)) {
    return new Fault('upstream_garbage', { upstream, hint: `it answered initialize with error ${told}` });
  }
  const supported =
    isJsonObject(data) && Array.isArray(data.supported) ? `; it supports ${data.supported.join(', ')}` : '';
  return otherRevision(upstream, `it says ${told}${supported}`);
}

const otherRevision = (upstream: string, hint: string) =>
  new Fault('upstream_revision', { upstream, hint: `${hint}; this gateway supports ${revisions.join(', ')}` });
