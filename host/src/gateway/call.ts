import type { IncomingHttpHeaders } from 'node:http';
import type { CalledTool } from '../contract/hook-call.ts';
import type { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import type { BlockData, HookContext } from '../hook/hook-chain.ts';
import type { Notification } from '../mcp/message.ts';
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
  /** Tells the client something after it was answered, where it listens. */
  readonly tellLater: (notification: Notification) => void;
  /** Of a call that a plugin makes: milliseconds that an upstream has, and the setting that says so. */
  readonly timeoutMs?: number;
  readonly timeoutSetting?: string;
  /** What the log line will tell; filled in on the way. */
  readonly record: CallRecord;
  /** Of a call that a plugin makes. */
  readonly nested?: Nested;
}

/** How a call by a plugin came about. */
export interface Nested {
  /** The client's own call, for which it is made. */
  readonly client: Call;
  /** The calls that it is within, itself the last. */
  readonly stack: readonly CalledTool[];
  /** Takes the tool that will really be sent. Throws when the plugin that makes the call may not call it. */
  admit(tool: string): void;
}

export interface CallRecord {
  /** Tool, prompt or uri, as the client named it. */
  name?: string;
  upstream?: string;
  plugins?: HookContext['reports'];
  /** The block that it was answered with. */
  blocked?: BlockData;
  /** The error of an upstream that it was answered with. */
  refused?: Fault;
  /** Calls of other tools that plugins made on the way, those within other calls among them. */
  calls?: ToolCallRecord[];
}

/** A call that a plugin made. */
export interface ToolCallRecord extends Omit<CallRecord, 'calls'> {
  /** Its own id, derived from that of the client's request. */
  readonly request: string;
  readonly by: string;
  /** `result`, `aborted`, or why there was none. Absent while it runs. */
  outcome?: string;
  ms?: number;
}
