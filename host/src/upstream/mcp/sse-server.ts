import type { HttpClient } from './http-client.ts';
import { eventStream } from './http-exchange.ts';

/** Milliseconds that a server has to show that it speaks HTTP+SSE. */
const timeoutMs = 5_000;

/**
 * Whether a server speaks HTTP+SSE of revision 2024-11-05: it answers GET with an event stream that begins with an event
 * `endpoint` (MCP 2025-11-25, Transports § Backwards Compatibility).
 */
export function isSseServer(client: HttpClient, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    const settle = (answer: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', refuse);
      resolve(answer);
      exchange.abort(new Error('recognized'));
    };
    const refuse = () => settle(false);
    const timer = setTimeout(refuse, timeoutMs);
    const exchange = client.listen(undefined, {
      onStart: (status, type) => {
        if (status !== 200 || type !== eventStream) queueMicrotask(refuse);
      },
      onEvent: (_, name) => settle(name === 'endpoint'),
      onEnd: refuse,
      onError: () => queueMicrotask(refuse),
    });
    signal.addEventListener('abort', refuse);
  });
}
