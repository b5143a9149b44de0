// Generated from wit/ by tools/scripts/generate-javascript-types.ts.

declare module 'sallyport:plugin/audit@0.1.0' {
  /**
   * `event` is a stable name such as `email_redacted`; `details` is a JSON object, as text. The error says what is invalid,
   * or that this hook call has written more than one call may.
   */
  export function write(event: string, details: string): void;
}

declare module 'sallyport:plugin/clock@0.1.0' {
  /**
   * Returns milliseconds since the Unix epoch.
   */
  export function nowMs(): bigint;
  /**
   * Returns nanoseconds since an arbitrary moment; never decreases.
   */
  export function monotonicNs(): bigint;
}

declare module 'sallyport:plugin/context@0.1.0' {
  /**
   * Values that only this plugin sees, shared by the before and after hooks of one request.
   */
  export function get(key: string): string | null | undefined;
  export function set(key: string, value: string): void;
  /**
   * Values that all plugins of the request see.
   */
  export function getShared(key: string): string | null | undefined;
  export function setShared(key: string, value: string): void;
}

declare module 'sallyport:plugin/dispatch-hooks@0.1.0' {
  /**
   * Implements the hooks `tool_pre_invoke`, `prompt_pre_fetch` and `resource_pre_fetch`.
   */
  export function beforeDispatch(ctx: CallContext, request: Request): RequestOutcome;
  /**
   * Implements the hooks `tool_post_invoke`, `prompt_post_fetch`, `resource_post_fetch` and those of lists.
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

declare module 'sallyport:plugin/federation-check@0.1.0' {
  /**
   * Implements the hook `server_pre_register`: called before a server joins, at each start and for each change of it.
   */
  export function preRegister(ctx: FederationContext, server: JoiningServer): PreRegisterOutcome;
  /**
   * Implements the hook `server_post_register`: called once a server has joined and was reached. It only observes.
   */
  export function postRegister(ctx: FederationContext, server: RegisteredServer): void;
  /**
   * Implements the hook `federation_pre_sync`: called before a list of a server is read.
   */
  export function preSync(ctx: FederationContext, refresh: ListRefresh): PreSyncOutcome;
  /**
   * Implements the hook `federation_post_sync`: called once for each list that was read, before any client sees it.
   */
  export function postSync(ctx: FederationContext, received: ServerList): PostSyncOutcome;
  export type FederationContext = import('sallyport:plugin/types@0.1.0').FederationContext;
  export type JoiningServer = import('sallyport:plugin/types@0.1.0').JoiningServer;
  export type PreRegisterOutcome = import('sallyport:plugin/types@0.1.0').PreRegisterOutcome;
  export type RegisteredServer = import('sallyport:plugin/types@0.1.0').RegisteredServer;
  export type ListRefresh = import('sallyport:plugin/types@0.1.0').ListRefresh;
  export type PreSyncOutcome = import('sallyport:plugin/types@0.1.0').PreSyncOutcome;
  export type ServerList = import('sallyport:plugin/types@0.1.0').ServerList;
  export type PostSyncOutcome = import('sallyport:plugin/types@0.1.0').PostSyncOutcome;
}

declare module 'sallyport:plugin/identity-check@0.1.0' {
  /**
   * Identifies a caller by its credentials. An `err`, and any other failure, refuses the request as one whose credentials
   * cannot be checked at the moment.
   */
  export function identify(ctx: IdentityContext, credentials: Credentials): Identification;
  /**
   * Implements the hook `auth_pre_check`: called for each request before its caller is authenticated.
   */
  export function preCheck(ctx: IdentityContext, request: ArrivingRequest): PreCheckOutcome;
  /**
   * Implements the hook `auth_post_check`: called for each request once its caller is authenticated.
   */
  export function postCheck(ctx: IdentityContext, caller: AuthenticatedCaller): PostCheckOutcome;
  export type IdentityContext = import('sallyport:plugin/types@0.1.0').IdentityContext;
  export type Credentials = import('sallyport:plugin/types@0.1.0').Credentials;
  export type Identification = import('sallyport:plugin/types@0.1.0').Identification;
  export type ArrivingRequest = import('sallyport:plugin/types@0.1.0').ArrivingRequest;
  export type PreCheckOutcome = import('sallyport:plugin/types@0.1.0').PreCheckOutcome;
  export type AuthenticatedCaller = import('sallyport:plugin/types@0.1.0').AuthenticatedCaller;
  export type PostCheckOutcome = import('sallyport:plugin/types@0.1.0').PostCheckOutcome;
}

declare module 'sallyport:plugin/identity-claims@0.1.0' {
  /**
   * Returns a claim of the authenticated caller, as JSON text; `none` if it is absent or not granted.
   */
  export function get(name: string): string | null | undefined;
}

declare module 'sallyport:plugin/kv-store@0.1.0' {
  export function get(key: string): Uint8Array | null | undefined;
  /**
   * With `ttl-ms` the value expires after that many milliseconds.
   */
  export function set(key: string, value: Uint8Array, ttlMs: bigint | null | undefined): void;
  /**
   * Returns whether the key existed.
   */
  export { _delete as delete };
  function _delete(key: string): boolean;
  /**
   * Lists keys with this prefix that sort after `after`, in byte order; at most 1,000.
   */
  export function list(prefix: string, after: string | null | undefined, limit: number): Array<string>;
  /**
   * Sets the value if the current one is `expected` (`none`: if there is no value), and returns whether it did.
   */
  export function compareAndSet(key: string, expected: Uint8Array | null | undefined, value: Uint8Array, ttlMs: bigint | null | undefined): boolean;
  /**
   * Adds to a number, stored as decimal text and initially 0, and returns the sum. `ttl-ms` counts from the first
   * addition, like the window of a rate limit.
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
       * More keys or bytes than the grant allows. Delete values or let them expire.
       */
      tag: 'quota',
      val: string,
    }
    | {
      /**
       * The value is not a number, or the key is not valid.
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
   * Called once per instance, before any hook. `config-json` is the operator's `config`, as JSON text.
   * An `err` refuses the configuration; the gateway then does not start.
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
   * Adds to a counter; `by` must not be negative.
   */
  export function count(name: string, labels: Labels, by: number): void;
  export function gauge(name: string, labels: Labels, value: number): void;
  /**
   * Records a value in a histogram.
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
       * The grant does not allow it. The text names the missing rule.
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
  /**
   * Decides about one request, after all transforms and right before the upstream.
   */
  export function decide(ctx: PolicyContext, request: Request): Decision;
  /**
   * Decides which entries of a list the caller sees: one decision for each request, in the same order. Arguments are
   * not known yet, so they are `{}`, and `uri` is a URI template in a list of templates. Allow what could be allowed.
   */
  export function decideMany(ctx: PolicyContext, requests: Array<Request>): Array<Decision>;
  export type PolicyContext = import('sallyport:plugin/types@0.1.0').PolicyContext;
  export type Request = import('sallyport:plugin/types@0.1.0').Request;
  export type Decision = import('sallyport:plugin/types@0.1.0').Decision;
}

declare module 'sallyport:plugin/random@0.1.0' {
  /**
   * Returns at most 65,536 bytes per call.
   */
  export function bytes(length: number): Uint8Array;
}

declare module 'sallyport:plugin/request-headers@0.1.0' {
  /**
   * Returns a header of the client's request; `none` if it is absent or not granted.
   */
  export function get(name: string): string | null | undefined;
}

declare module 'sallyport:plugin/secret-store@0.1.0' {
  /**
   * Returns the value. Prefer `reference`.
   */
  export function get(name: string): string;
  /**
   * Returns a placeholder to write into a header of an outbound request, for example after `Bearer `. The gateway replaces
   * it with the value if the grant allows it.
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
       * The secret cannot be read at the moment.
       */
      tag: 'unavailable',
      val: string,
    };
}

declare module 'sallyport:plugin/tool-call@0.1.0' {
  /**
   * `name` is the tool's name as clients of the binding know it; `arguments-json` is a JSON object, as text. The result has
   * the form that after hooks get; an `opaque` block in it is a block hidden from this plugin.
   */
  export function call(name: string, argumentsJson: string): ToolResult;
  export type ToolResult = import('sallyport:plugin/types@0.1.0').ToolResult;
  export type Violation = import('sallyport:plugin/types@0.1.0').Violation;
  export type CallError =
    | {
      /**
       * The grant does not allow it. The text says what is missing.
       */
      tag: 'denied',
      val: string,
    }
    | {
      /**
       * No upstream of the binding matches the name. If the upstream does not know the tool, it reports that itself, with
       * `failed` or a result with `is-error`.
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
       * A plugin blocked the call.
       */
      tag: 'blocked',
      val: Violation,
    }
    | {
      /**
       * This plugin is already calling this tool, and the call led back to it.
       */
      tag: 'loop',
      val: string,
    }
    | {
      /**
       * More nested calls than the grant allows.
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
       * The upstream answered with an error, or with a result that cannot be represented.
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
   * Facts about the current request. The plugin cannot change them.
   */
  export interface CallContext {
    /**
     * Unique per request; also in the gateway's log line.
     */
    requestId: string,
    /**
     * The route that the client called.
     */
    binding: string,
    /**
     * The upstream that the request goes to, or went to.
     */
    upstream: string,
    tenant?: string | null,
    /**
     * The authenticated caller.
     */
    subject?: string | null,
    /**
     * Milliseconds left for this hook call.
     */
    deadlineMs: number,
  }
  /**
   * Facts about the request that a policy decides about.
   */
  export interface PolicyContext {
    requestId: string,
    binding: string,
    upstream: string,
    /**
     * The method of MCP, for example `tools/call`; for `decide-many` that of the list, or `completion/complete`.
     */
    method: string,
    tenant?: string | null,
    /**
     * The authenticated caller.
     */
    subject?: string | null,
    /**
     * The scopes of the caller, sorted.
     */
    scopes: Array<string>,
    /**
     * Milliseconds left for this call.
     */
    deadlineMs: number,
  }
  export interface Blob {
    mimeType: string,
    data: Uint8Array,
  }
  /**
   * One block of content. Text is a typed field, so that a plugin that only handles text needs no JSON parser.
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
       * A block hidden from this plugin. Keep, move or drop it by its number.
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
   * The reason why a plugin blocked. The client receives it as structured data.
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
       * Respond without calling the upstream, as a cache does.
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
   * Facts about a call of an `identity` plugin.
   */
  export interface IdentityContext {
    requestId: string,
    /**
     * Milliseconds left for this call.
     */
    deadlineMs: number,
  }
  /**
   * The credentials of a request: one header, which the operator chose.
   */
  export interface Credentials {
    /**
     * The name of the header, in lower case.
     */
    header: string,
    /**
     * The authentication scheme, in lower case, for example `bearer`, if the header is `authorization`.
     */
    scheme?: string | null,
    /**
     * The rest of the header. Never empty.
     */
    value: string,
  }
  /**
   * The caller, as an `identity` plugin identifies it. The operator decides which tenants, scopes and claims may be stated.
   */
  export interface Principal {
    /**
     * At most 256 characters. The gateway puts the id of the scheme before it, unless the operator chose otherwise.
     */
    subject: string,
    tenant?: string | null,
    scopes: Array<string>,
    /**
     * Further claims, a JSON object as text.
     */
    claims: string,
    /**
     * For how many seconds this holds. It is remembered no longer, and never for longer than the operator allows.
     */
    validForS?: number | null,
  }
  export type Identification =
    | {
      /**
       * Not credentials that this plugin knows. The next scheme is asked.
       */
      tag: 'unknown',
    }
    | {
      tag: 'known',
      val: Principal,
    }
    | {
      /**
       * The credentials are not accepted. The operator's log has the reason, and the client does not get it.
       */
      tag: 'refuse',
      val: Violation,
    };
  /**
   * A request whose caller is not authenticated yet.
   */
  export interface ArrivingRequest {
    /**
     * The HTTP method.
     */
    method: string,
    /**
     * The path, without a query.
     */
    path: string,
    /**
     * Empty where the tenant of the caller decides about the binding, also once the caller is known.
     */
    binding: string,
    /**
     * The address of the client. Behind trusted proxies it is the one that they name.
     */
    address: string,
    /**
     * The authentication scheme of the header `authorization`, in lower case, if it is a registered one; otherwise
     * `other`. Credentials are never shown.
     */
    authorization?: string | null,
  }
  export type PreCheckOutcome =
    | {
      tag: 'proceed',
    }
    | {
      /**
       * The client receives the violation.
       */
      tag: 'block',
      val: Violation,
    };
  /**
   * A request whose caller was authenticated.
   */
  export interface AuthenticatedCaller {
    request: ArrivingRequest,
    /**
     * The id of the identity scheme; `anonymous` for a caller without credentials.
     */
    scheme: string,
    subject?: string | null,
    tenant?: string | null,
    /**
     * Sorted.
     */
    scopes: Array<string>,
  }
  /**
   * What the caller keeps.
   */
  export interface Narrowed {
    /**
     * The scopes that it keeps, all of them its own.
     */
    scopes?: Array<string> | null,
    /**
     * The tenant of a caller that has none, if the operator lets this plugin name it.
     */
    tenant?: string | null,
  }
  export type PostCheckOutcome =
    | {
      tag: 'proceed',
    }
    | {
      tag: 'narrow',
      val: Narrowed,
    }
    | {
      /**
       * The client receives the violation.
       */
      tag: 'block',
      val: Violation,
    };
  /**
   * Facts about a call of a `federation` plugin.
   */
  export interface FederationContext {
    /**
     * Unique per registration, and per refresh of a list; also in the gateway's log lines.
     */
    requestId: string,
    /**
     * The id of the upstream.
     */
    upstream: string,
    /**
     * Milliseconds left for this call.
     */
    deadlineMs: number,
  }
  /**
   * A server that is about to join the gateway, as it is configured. It has no credentials, headers, arguments or
   * environment.
   */
  export interface JoiningServer {
    id: string,
    /**
     * `stdio`, `http` or `openapi`.
     */
    transport: string,
    /**
     * The URLs that requests go to, and that of the OpenAPI document if it is fetched; without user, password and query.
     * Where such a document says itself where requests go, that is not known yet.
     */
    urls: Array<string>,
    /**
     * The command of a server over stdio, without its folder and arguments.
     */
    command?: string | null,
    /**
     * The ids of the bindings that offer it.
     */
    bindings: Array<string>,
    /**
     * Who registers it: `file`, `program` or `admin`.
     */
    origin: string,
    /**
     * The caller of the management API, if that registers it.
     */
    principal?: string | null,
  }
  export type PreRegisterOutcome =
    | {
      tag: 'proceed',
    }
    | {
      /**
       * The server does not join, and its registration fails with the violation.
       */
      tag: 'block',
      val: Violation,
    };
  /**
   * A server that has joined and was reached, with what it says of itself.
   */
  export interface RegisteredServer {
    server: JoiningServer,
    name?: string | null,
    version?: string | null,
    /**
     * The revision of MCP that it speaks; none if only users have connections with it.
     */
    revision?: string | null,
    /**
     * The names of its capabilities, sorted.
     */
    capabilities: Array<string>,
    /**
     * The number of its tools, if it has a list of them that could be read.
     */
    tools?: number | null,
    prompts?: number | null,
    resources?: number | null,
    resourceTemplates?: number | null,
  }
  /**
   * Lists that a server has.
   * # Variants
   *
   * ## `"tools"`
   *
   * ## `"prompts"`
   *
   * ## `"resources"`
   *
   * ## `"resource-templates"`
   */
  export type ListKind = 'tools' | 'prompts' | 'resources' | 'resource-templates';
  /**
   * Why a list is read again.
   * # Variants
   *
   * ## `"connected"`
   *
   * No list was read yet, or the connection is a new one.
   * ## `"changed"`
   *
   * The server reported a change.
   * ## `"aged"`
   *
   * The list is old, and the server would not report a change.
   */
  export type RefreshReason = 'connected' | 'changed' | 'aged';
  /**
   * The list of a server that is about to be read.
   */
  export interface ListRefresh {
    kind: ListKind,
    reason: RefreshReason,
    /**
     * The number of entries in use; none if no list was accepted yet.
     */
    entries?: number | null,
  }
  export type PreSyncOutcome =
    | {
      tag: 'proceed',
    }
    | {
      /**
       * The list is not read. The earlier one stays in use; without one, nothing is listed and nothing can be called.
       */
      tag: 'block',
      val: Violation,
    };
  /**
   * A whole list, as the server sent it.
   */
  export type ServerList =
    | {
      tag: 'tools',
      val: Array<Tool>,
    }
    | {
      tag: 'prompts',
      val: Array<Prompt>,
    }
    | {
      tag: 'resources',
      val: Array<ResourceEntry>,
    }
    | {
      tag: 'resource-templates',
      val: Array<ResourceEntry>,
    };
  export type PostSyncOutcome =
    | {
      tag: 'proceed',
    }
    | {
      /**
       * Entries may be removed, moved and changed, but not added or renamed. What is removed cannot be called.
       */
      tag: 'modified',
      val: ServerList,
    }
    | {
      /**
       * The list is not used. The earlier one stays in use; without one, nothing is listed and nothing can be called.
       */
      tag: 'block',
      val: Violation,
    };
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
   * Returns one of `candidates`, or `none` to leave the choice to the gateway.
   */
  export function route(ctx: CallContext, request: Request, candidates: Array<string>): string | null | undefined;
  export type CallContext = import('sallyport:plugin/types@0.1.0').CallContext;
  export type Request = import('sallyport:plugin/types@0.1.0').Request;
}

declare module 'sallyport:plugin/upstream-headers@0.1.0' {
  /**
   * Sets a header, replacing one that the operator or an earlier plugin set. The value may contain references from
   * `secret-store.reference`; the gateway replaces them with the secrets when it sends the request.
   */
  export function set(name: string, value: string): void;
  export type HeaderError =
    | {
      /**
       * The grant does not name this header, or the gateway sets it itself.
       */
      tag: 'denied',
      val: string,
    }
    | {
      /**
       * The name or the value is not valid for a header, or the value is too long.
       */
      tag: 'invalid',
      val: string,
    }
    | {
      /**
       * There is no HTTP request: the upstream is reached over stdio, or this is not a before hook of a call.
       */
      tag: 'unavailable',
      val: string,
    };
}
