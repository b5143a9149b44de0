import type { IncomingMessage } from 'node:http';

/** How much of a body is read after its request has been answered. */
const most = { bytes: 64 * 1024 * 1024, ms: 500 };

/**
 * Discards what a client still sends of a body after its request has been answered, so that it can read the answer and
 * use the connection again. Closes the connection if the rest takes too long or is too large.
 */
export function discardRest(incoming: IncomingMessage): void {
  if (incoming.destroyed) return;
  let bytes = 0;
  const close = () => {
    clearTimeout(timer);
    incoming.socket.destroySoon();
  };
  const timer = setTimeout(close, most.ms).unref();
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > most.bytes) close();
  });
  incoming.on('close', () => clearTimeout(timer));
  incoming.resume();
}
