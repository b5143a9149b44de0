// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/types@0.1.0 **/
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
  tenant?: string,
  /**
   * The authenticated caller.
   */
  subject?: string,
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
  tenant?: string,
  /**
   * The authenticated caller.
   */
  subject?: string,
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
  structuredContent?: string,
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
  description?: string,
  messages: Array<PromptMessage>,
}
export interface ResourceContent {
  uri: string,
  mimeType?: string,
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
  title?: string,
  description?: string,
  /**
   * JSON Schema, as text.
   */
  inputSchema: string,
  /**
   * JSON Schema, as text.
   */
  outputSchema?: string,
  /**
   * The tool's `annotations`, as JSON text.
   */
  annotations?: string,
}
export interface PromptArgument {
  name: string,
  description?: string,
  required: boolean,
}
export interface Prompt {
  name: string,
  title?: string,
  description?: string,
  arguments: Array<PromptArgument>,
}
/**
 * A resource, or a resource template when `uri` holds a URI template.
 */
export interface ResourceEntry {
  uri: string,
  name: string,
  title?: string,
  description?: string,
  mimeType?: string,
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
  details?: string,
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
  scheme?: string,
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
  tenant?: string,
  scopes: Array<string>,
  /**
   * Further claims, a JSON object as text.
   */
  claims: string,
  /**
   * For how many seconds this holds. It is remembered no longer, and never for longer than the operator allows.
   */
  validForS?: number,
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
  authorization?: string,
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
  subject?: string,
  tenant?: string,
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
  scopes?: Array<string>,
  /**
   * The tenant of a caller that has none, if the operator lets this plugin name it.
   */
  tenant?: string,
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
  command?: string,
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
  principal?: string,
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
  name?: string,
  version?: string,
  /**
   * The revision of MCP that it speaks; none if only users have connections with it.
   */
  revision?: string,
  /**
   * The names of its capabilities, sorted.
   */
  capabilities: Array<string>,
  /**
   * The number of its tools, if it has a list of them that could be read.
   */
  tools?: number,
  prompts?: number,
  resources?: number,
  resourceTemplates?: number,
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
  entries?: number,
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
