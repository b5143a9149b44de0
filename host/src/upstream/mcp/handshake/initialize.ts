import { Fault } from '../../../core/fault.ts';
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import { version } from '../../../core/version.ts';
import type { RpcError } from '../../../mcp/answer.ts';
import { jsonRpc } from '../../../mcp/errors.ts';
import type { ServerInfo } from '../../../mcp/server-info.ts';
import type { Handshake } from './handshake.ts';

/** The revisions that a server may answer with, newest first. The gateway requests the first. */
const revisions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'];

/**
 * Negotiates revision and capabilities with `initialize` (MCP 2025-11-25, Lifecycle § Initialization), for the revisions
 * that have sessions. The gateway declares no client capabilities.
 */
export const initialize: Handshake = async (upstream, peer, signal) => {
  const clientInfo = { name: 'sallyport', version };
  const params = { protocolVersion: revisions[0], capabilities: {}, clientInfo };
  const { result, error } = await peer.request('initialize', params, signal);
  if (error !== undefined) throw refusal(upstream, error);
  const serverInfo = serverInfoIn(upstream, result);
  peer.agreed?.(serverInfo.revision);
  await peer.notify('notifications/initialized', signal);
  return serverInfo;
};

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

/** The error code of revision 2026-07-28. */
const unsupportedVersion = -32022;

function refusal(upstream: string, { code, message, data }: RpcError): Fault {
  const answer = `${code}: ${message}`;
  if (code === jsonRpc.methodNotFound)
    return otherRevision(upstream, 'it does not support initialize, which later revisions lack');
  if (code !== unsupportedVersion && !/unsupported.*version|version.*not supported/i.test(message)) {
    return new Fault('upstream_garbage', { upstream, hint: `it answered initialize with error ${answer}` });
  }
  const supported =
    isJsonObject(data) && Array.isArray(data.supported) ? `; it supports ${data.supported.join(', ')}` : '';
  return otherRevision(upstream, `it answered ${answer}${supported}`);
}

const otherRevision = (upstream: string, hint: string) =>
  new Fault('upstream_revision', { upstream, hint: `${hint}; this gateway supports ${revisions.join(', ')}` });
