// Generated from wit/ by tools/scripts/generate-javascript-types.ts.

declare module 'sallyport:plugin/audit@0.1.0' {
  /**
   * `event` is a stable name such as `email_redacted`; `details` a JSON object, as text. The error says what is wrong.
   */
  export function write(event: string, details: string): void;
}

declare module 'sallyport:plugin/clock@0.1.0' {
  /**
   * Milliseconds since the Unix epoch.
   */
  export function nowMs(): bigint;
  /**
   * Nanoseconds since an arbitrary moment; never goes back.
   */
  export function monotonicNs(): bigint;
}

declare module 'sallyport:plugin/context@0.1.0' {
  /**
   * Only this plugin sees what it set, in the before hook and in the after hook of one request.
   */
  export function get(key: string): string | null | undefined;
  export function set(key: string, value: string): void;
  /**
   * All plugins of the request see these.
   */
  export function getShared(key: string): string | null | undefined;
  export function setShared(key: string, value: string): void;
}

declare module 'sallyport:plugin/dispatch-hooks@0.1.0' {
  /**
   * The hooks `tool_pre_invoke`, `prompt_pre_fetch` and `resource_pre_fetch`.
   */
  export function beforeDispatch(ctx: CallContext, request: Request): RequestOutcome;
  /**
   * The hooks `tool_post_invoke`, `prompt_post_fetch`, `resource_post_fetch` and the lists.
   */
  export function afterDispatch(ctx: CallContext, response: Response): ResponseOutcome;
  export type CallContext = import('sallyport:plugin/types@0.1.0').CallContext;
  export type Request = import('sallyport:plugin/types@0.1.0').Request;
  export type Response = import('sallyport:plugin/types@0.1.0').Response;
  export type RequestOutcome = import('sallyport:plugin/types@0.1.0').RequestOutcome;
  export type ResponseOutcome = import('sallyport:plugin/types@0.1.0').ResponseOutcome;
}

declare module 'sallyport:plugin/event-sink@0.1.0' {
  /**
   * Each event is a JSON object, as text.
   */
  export function accept(events: Array<string>): void;
}

declare module 'sallyport:plugin/identity-check@0.1.0' {
  /**
   * `none` when this plugin does not know these credentials.
   */
  export function identify(scheme: string, credentials: string): Principal | null | undefined;
  export type Principal = import('sallyport:plugin/types@0.1.0').Principal;
}

declare module 'sallyport:plugin/identity-claims@0.1.0' {
  /**
   * A claim of the authenticated caller, as JSON text; `none` when there is none, or it was not granted.
   */
  export function get(name: string): string | null | undefined;
}

declare module 'sallyport:plugin/kv-store@0.1.0' {
  export function get(key: string): Uint8Array | null | undefined;
  /**
   * With `ttl-ms` the value is gone after so many milliseconds.
   */
  export function set(key: string, value: Uint8Array, ttlMs: bigint | null | undefined): void;
  /**
   * Whether there was one.
   */
  export { _delete as delete };
  function _delete(key: string): boolean;
  /**
   * Keys with this prefix that come after `after`, in the order of their bytes; at most 1,000 of them.
   */
  export function list(prefix: string, after: string | null | undefined, limit: number): Array<string>;
  /**
   * Sets the value when it is `expected` (`none`: when there is no value), and tells whether it did.
   */
  export function compareAndSet(key: string, expected: Uint8Array | null | undefined, value: Uint8Array, ttlMs: bigint | null | undefined): boolean;
  /**
   * Adds to a number, kept as decimal text, that begins with 0, and yields the sum. `ttl-ms` counts from the first
   * addition: the window of a rate limit.
   */
  export function increment(key: string, by: bigint, ttlMs: bigint | null | undefined): bigint;
  export type KvError =
    | {
      /**
       * The grant does not allow it.
       */
      tag: 'denied',
      val: string,
    }
    | {
      /**
       * More keys or bytes than the grant allows. Delete something, or let it expire.
       */
      tag: 'quota',
      val: string,
    }
    | {
      /**
       * The value is no number, or the key is not one.
       */
      tag: 'invalid',
      val: string,
    }
    | {
      /**
       * The store failed.
       */
      tag: 'failed',
      val: string,
    };
}

declare module 'sallyport:plugin/lifecycle@0.1.0' {
  /**
   * Called once for each instance, before any hook. `config-json` is the operator's `config`, as JSON text.
   * An `err` refuses the configuration, and the gateway does not start.
   */
  export function configure(configJson: string): void;
}

declare module 'sallyport:plugin/log@0.1.0' {
  export function write(level: Level, message: string): void;
  /**
   * # Variants
   *
   * ## `"debug"`
   *
   * ## `"info"`
   *
   * ## `"warn"`
   *
   * ## `"error"`
   */
  export type Level = 'debug' | 'info' | 'warn' | 'error';
}

declare module 'sallyport:plugin/metrics@0.1.0' {
  /**
   * Adds to a counter; `by` is not negative.
   */
  export function count(name: string, labels: Labels, by: number): void;
  export function gauge(name: string, labels: Labels, value: number): void;
  /**
   * Puts a value into a histogram.
   */
  export function observe(name: string, labels: Labels, value: number): void;
  export type Labels = Array<[string, string]>;
}

declare module 'sallyport:plugin/outbound-http@0.1.0' {
  export function send(request: HttpRequest): HttpResponse;
  export interface HttpRequest {
    method: string,
    url: string,
    headers: Array<[string, string]>,
    body?: Uint8Array | null,
  }
  export interface HttpResponse {
    status: number,
    headers: Array<[string, string]>,
    body: Uint8Array,
  }
  export type HttpError =
    | {
      /**
       * The grant does not allow it. The text says which rule was missing.
       */
      tag: 'denied',
      val: string,
    }
    | {
      tag: 'timeout',
    }
    | {
      tag: 'too-large',
    }
    | {
      tag: 'failed',
      val: string,
    };
}

declare module 'sallyport:plugin/policy-check@0.1.0' {
  export function decide(ctx: CallContext, request: Request): Decision;
  export type CallContext = import('sallyport:plugin/types@0.1.0').CallContext;
  export type Request = import('sallyport:plugin/types@0.1.0').Request;
  export type Decision = import('sallyport:plugin/types@0.1.0').Decision;
}

declare module 'sallyport:plugin/random@0.1.0' {
  /**
   * At most 65,536 bytes a call.
   */
  export function bytes(length: number): Uint8Array;
}

declare module 'sallyport:plugin/request-headers@0.1.0' {
  /**
   * The value of a header of the client's request; `none` when there is none, or it was not granted.
   */
  export function get(name: string): string | null | undefined;
}

declare module 'sallyport:plugin/secret-store@0.1.0' {
  /**
   * The value. Better use a reference.
   */
  export function get(name: string): string;
  /**
   * A text to be written where the value belongs in a header of an outbound request, for example `Bearer ` and it.
   * The gateway puts in the value, where the grant allows.
   */
  export function reference(name: string): string;
  export type SecretError =
    | {
      /**
       * The grant does not allow it.
       */
      tag: 'denied',
      val: string,
    }
    | {
      /**
       * The secret cannot be read now.
       */
      tag: 'unavailable',
      val: string,
    };
}

declare module 'sallyport:plugin/tool-call@0.1.0' {
  /**
   * `name` is the tool as clients of the binding know it, `arguments-json` a JSON object as text. The result is shown as
   * after hooks are shown one; an `opaque` block in it is a block that this plugin is not shown.
   */
  export function call(name: string, argumentsJson: string): ToolResult;
  export type ToolResult = import('sallyport:plugin/types@0.1.0').ToolResult;
  export type Violation = import('sallyport:plugin/types@0.1.0').Violation;
  export type CallError =
    | {
      /**
       * The grant does not allow it. The text says what was missing.
       */
      tag: 'denied',
      val: string,
    }
    | {
      /**
       * No upstream of the binding has a name that begins so. A tool that its upstream does not know is for the upstream
       * to tell, with `failed` or a result with `is-error`.
       */
      tag: 'not-found',
      val: string,
    }
    | {
      /**
       * The name is too long, or the arguments are not a JSON object.
       */
      tag: 'invalid',
      val: string,
    }
    | {
      /**
       * A plugin on the way blocked it.
       */
      tag: 'blocked',
      val: Violation,
    }
    | {
      /**
       * This plugin is calling this very tool already, and the call leads back to it.
       */
      tag: 'loop',
      val: string,
    }
    | {
      /**
       * More calls within each other than the grant allows.
       */
      tag: 'too-deep',
      val: string,
    }
    | {
      /**
       * More calls for one request, longer arguments or a longer result than the grant allows.
       */
      tag: 'limit',
      val: string,
    }
    | {
      tag: 'timeout',
    }
    | {
      /**
       * The upstream cannot be reached, or the gateway is too busy; in `configure` there is no request to call for.
       */
      tag: 'unavailable',
      val: string,
    }
    | {
      /**
       * The upstream answered with an error, or with what cannot be shown.
       */
      tag: 'failed',
      val: string,
    };
}

declare module 'sallyport:plugin/tool-provider@0.1.0' {
  export function listTools(): Array<Tool>;
  export function callTool(ctx: CallContext, call: ToolCall): ToolResult;
  export type CallContext = import('sallyport:plugin/types@0.1.0').CallContext;
  export type Tool = import('sallyport:plugin/types@0.1.0').Tool;
  export type ToolCall = import('sallyport:plugin/types@0.1.0').ToolCall;
  export type ToolResult = import('sallyport:plugin/types@0.1.0').ToolResult;
}

declare module 'sallyport:plugin/types@0.1.0' {
  /**
   * Facts about the request that is being dispatched. The plugin cannot change them.
   */
  export interface CallContext {
    /**
     * Unique for each request; stands in the gateway's log line too.
     */
    requestId: string,
    /**
     * The route that the client called.
     */
    binding: string,
    /**
     * The upstream that is asked, or was asked.
     */
    upstream: string,
    tenant?: string | null,
    /**
     * The authenticated caller.
     */
    subject?: string | null,
    /**
     * Milliseconds that are left for this hook call.
     */
    deadlineMs: number,
  }
  export interface Blob {
    mimeType: string,
    data: Uint8Array,
  }
  /**
   * One block of content. Text is a typed field, so that a plugin that only reads text needs no JSON parser.
   */
  export type Content =
    | {
      tag: 'text',
      val: string,
    }
    | {
      tag: 'blob',
      val: Blob,
    }
    | {
      /**
       * Any other block, as JSON text of the MCP type (a resource link, an embedded resource).
       */
      tag: 'json',
      val: string,
    }
    | {
      /**
       * A block that this plugin is not shown. Pass it on by its number, move it, or leave it out.
       */
      tag: 'opaque',
      val: number,
    };
  export interface ToolCall {
    name: string,
    /**
     * A JSON object, as text.
     */
    arguments: string,
  }
  export interface PromptGet {
    name: string,
    /**
     * A JSON object of strings, as text.
     */
    arguments: string,
  }
  export interface ResourceRead {
    uri: string,
  }
  export type Request =
    | {
      tag: 'tool-call',
      val: ToolCall,
    }
    | {
      tag: 'prompt-get',
      val: PromptGet,
    }
    | {
      tag: 'resource-read',
      val: ResourceRead,
    };
  export interface ToolResult {
    content: Array<Content>,
    /**
     * A JSON object, as text, when the tool declares an output schema.
     */
    structuredContent?: string | null,
    isError: boolean,
  }
  export interface PromptMessage {
    /**
     * `user` or `assistant`.
     */
    role: string,
    content: Content,
  }
  export interface PromptResult {
    description?: string | null,
    messages: Array<PromptMessage>,
  }
  export interface ResourceContent {
    uri: string,
    mimeType?: string | null,
    /**
     * `text`, `blob` or `opaque`.
     */
    content: Content,
  }
  export interface ResourceResult {
    contents: Array<ResourceContent>,
  }
  export interface Tool {
    name: string,
    title?: string | null,
    description?: string | null,
    /**
     * JSON Schema, as text.
     */
    inputSchema: string,
    /**
     * JSON Schema, as text.
     */
    outputSchema?: string | null,
    /**
     * The tool's `annotations`, as JSON text.
     */
    annotations?: string | null,
  }
  export interface PromptArgument {
    name: string,
    description?: string | null,
    required: boolean,
  }
  export interface Prompt {
    name: string,
    title?: string | null,
    description?: string | null,
    arguments: Array<PromptArgument>,
  }
  /**
   * A resource, or a resource template when `uri` holds a URI template.
   */
  export interface ResourceEntry {
    uri: string,
    name: string,
    title?: string | null,
    description?: string | null,
    mimeType?: string | null,
  }
  export type Response =
    | {
      tag: 'tool-result',
      val: ToolResult,
    }
    | {
      tag: 'prompt-result',
      val: PromptResult,
    }
    | {
      tag: 'resource-result',
      val: ResourceResult,
    }
    | {
      tag: 'tool-list',
      val: Array<Tool>,
    }
    | {
      tag: 'prompt-list',
      val: Array<Prompt>,
    }
    | {
      tag: 'resource-list',
      val: Array<ResourceEntry>,
    }
    | {
      /**
       * The upstream asks for more input before it can answer (JSON text of the MCP result).
       */
      tag: 'input-required',
      val: string,
    };
  /**
   * Why a plugin blocked. Reaches the client as structured data.
   */
  export interface Violation {
    /**
     * Stable and machine-readable, for example `EMAIL_FOUND`.
     */
    code: string,
    /**
     * One short sentence.
     */
    reason: string,
    description: string,
    /**
     * A JSON object, as text.
     */
    details?: string | null,
  }
  export type RequestOutcome =
    | {
      tag: 'proceed',
    }
    | {
      tag: 'modified',
      val: Request,
    }
    | {
      /**
       * Answer now, without asking the upstream (a cache).
       */
      tag: 'respond',
      val: Response,
    }
    | {
      tag: 'block',
      val: Violation,
    };
  export type ResponseOutcome =
    | {
      tag: 'proceed',
    }
    | {
      tag: 'modified',
      val: Response,
    }
    | {
      tag: 'block',
      val: Violation,
    };
  /**
   * Who calls, as an `identity` plugin found out.
   */
  export interface Principal {
    subject: string,
    tenant?: string | null,
    /**
     * Further claims, a JSON object as text.
     */
    claims: string,
  }
  export type Decision =
    | {
      tag: 'allow',
    }
    | {
      tag: 'deny',
      val: Violation,
    };
}

declare module 'sallyport:plugin/upstream-choice@0.1.0' {
  /**
   * One of `candidates`, or `none` to leave the choice to the gateway.
   */
  export function route(ctx: CallContext, request: Request, candidates: Array<string>): string | null | undefined;
  export type CallContext = import('sallyport:plugin/types@0.1.0').CallContext;
  export type Request = import('sallyport:plugin/types@0.1.0').Request;
}

declare module 'sallyport:plugin/upstream-headers@0.1.0' {
  /**
   * Sets a header, in place of one that the operator or an earlier plugin set. The value may hold references from
   * `secret-store.reference`; the gateway puts in the values when it sends the request.
   */
  export function set(name: string, value: string): void;
  export type HeaderError =
    | {
      /**
       * The grant does not name this header, or it is the gateway's own.
       */
      tag: 'denied',
      val: string,
    }
    | {
      /**
       * The name or the value is not one that a header can have, or the value is too long.
       */
      tag: 'invalid',
      val: string,
    }
    | {
      /**
       * There is no such request: the upstream is reached over stdio, or this is not a before hook of a call.
       */
      tag: 'unavailable',
      val: string,
    };
}
