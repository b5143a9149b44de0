import { Client, type Transport } from '@modelcontextprotocol/client';
import { Fault, toFaults } from '../core/fault.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { ConnectionEvents } from './connection.ts';
import type { ServerFacts } from './upstream.ts';

/**
 * Negotiates revision and session over `transport` with the MCP client, which afterwards answers the server's own
 * requests (`ping`). It offers no capabilities: nobody is there to sample or to be asked.
 * @throws whatever the transport throws
 */
export async function shakeHands(
  transport: Transport,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<{ client: Client; facts: ServerFacts }> {
  const client = new Client({ name: 'sallyport', version: '0.1.0' }, { capabilities: {} });
  await client.connect(transport, { signal, timeout: timeoutMs });
  const instructions = client.getInstructions();
  return {
    client,
    facts: {
      protocolVersion: client.getNegotiatedProtocolVersion() ?? '',
      serverInfo: toJson(client.getServerVersion()),
      capabilities: toJson(client.getServerCapabilities()),
      ...(instructions === undefined ? {} : { instructions }),
    },
  };
}

const toJson = (value: object | undefined): JsonObject => ({ ...value }) as { [name: string]: Json };

/** A failed handshake as a fault: it aborted, took too long, or was refused. */
export function handshakeFault(upstream: string, thrown: unknown, on: ConnectionEvents): unknown {
  if (on.signal.aborted) return on.signal.reason;
  const [fault] = toFaults(thrown);
  if (fault !== undefined && fault.code !== 'internal') return fault.with({ upstream });
  // fetch says TypeError of all that kept it from an answer.
  const silent = thrown instanceof TypeError ? 'upstream_unavailable' : 'upstream_garbage';
  const code = isTimeout(thrown) ? 'upstream_timeout' : silent;
  return new Fault(code, { upstream, hint: `the handshake failed: ${(thrown as Error).message}` }, thrown);
}

const isTimeout = (thrown: unknown) => thrown instanceof Error && /timed? ?out/i.test(thrown.message);
