import { gatewayHeaders } from '../../../core/http-header.ts';
import { isForbiddenHeader } from '../../../egress/forbidden-headers.ts';

/**
 * Whether a header of a request to an upstream is the gateway's own: it belongs to the connection, the framing, the
 * routing or to MCP. Servers that read `_` as `-` read both names as one.
 */
export function isReservedHeader(name: string): boolean {
  const plain = name.toLowerCase().replaceAll('_', '-');
  return gatewayHeaders.has(plain) || plain.startsWith('mcp-') || isForbiddenHeader(plain);
}
