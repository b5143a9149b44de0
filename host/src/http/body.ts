import type { IncomingMessage } from 'node:http';
import { Fault } from '../core/fault.ts';
import { Cancelled } from '../mcp/cancelled.ts';

/**
 * Reads a request's body as UTF-8. A body that announces to be too large is refused before it is read, one that turns
 * out to be while it is. Read straight from the socket: a web stream costs most of the throughput.
 * @throws Fault `body_too_large`; Cancelled when the client leaves
 */
export function readBody(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const tooLarge = () => reject(new Fault('body_too_large', { limit_bytes: maxBytes }));
    if (Number(incoming.headers['content-length']) > maxBytes) return tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) return chunks.push(chunk);
      incoming.off('data', onData);
      tooLarge();
    };
    incoming.on('data', onData);
    incoming.on('end', () => resolve(decode(chunks)));
    incoming.on('error', () => reject(new Cancelled('the client left')));
  });
}

const decode = (chunks: readonly Buffer[]) =>
  (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)).toString('utf8');
