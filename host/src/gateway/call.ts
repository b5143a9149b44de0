import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '../core/json.ts';
import type { HookContext } from '../hook/hook-chain.ts';
import type { Notification } from '../upstream/upstream.ts';
import type { Route } from './binding.ts';

/** One request of a client, whatever revision it was spoken in. */
export interface Call {
  readonly requestId: string;
  readonly route: Route;
  readonly method: string;
  readonly params: JsonObject;
  /** Of the HTTP request. */
  readonly headers: IncomingHttpHeaders;
  readonly signal: AbortSignal;
  /** Present when the client can hear before the answer comes. */
  readonly onNotification?: (notification: Notification) => void;
  /** Milliseconds that an upstream has. */
  readonly timeoutMs: number;
  /** What the log line will tell; filled in on the way. */
  readonly record: CallRecord;
}

export interface CallRecord {
  /** Tool, prompt or uri, as the client named it. */
  name?: string;
  upstream?: string;
  plugins?: HookContext['reports'];
}
