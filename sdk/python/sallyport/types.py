# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""The types of requests and responses that plugins get, and of the outcomes they return."""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, List, Optional, Union

if TYPE_CHECKING:

    @dataclass
    class CallContext:
        """Facts about the current request. The plugin cannot change them.

        request_id: Unique per request; also in the gateway's log line.
        binding: The route that the client called.
        upstream: The upstream that the request goes to, or went to.
        subject: The authenticated caller.
        deadline_ms: Milliseconds left for this hook call.
        """
        request_id: str
        binding: str
        upstream: str
        tenant: Optional[str]
        subject: Optional[str]
        deadline_ms: int

    @dataclass
    class PolicyContext:
        """Facts about the request that a policy decides about.

        method: The method of MCP, for example `tools/call`; for `decide-many` that of the list, or `completion/complete`.
        subject: The authenticated caller.
        scopes: The scopes of the caller, sorted.
        deadline_ms: Milliseconds left for this call.
        """
        request_id: str
        binding: str
        upstream: str
        method: str
        tenant: Optional[str]
        subject: Optional[str]
        scopes: List[str]
        deadline_ms: int

    @dataclass
    class Blob:
        mime_type: str
        data: bytes

    @dataclass
    class Content_Text:
        value: str

    @dataclass
    class Content_Blob:
        value: Blob

    @dataclass
    class Content_Json:
        """Any other block, as JSON text of the MCP type (a resource link, an embedded resource)."""
        value: str

    @dataclass
    class Content_Opaque:
        """A block hidden from this plugin. Keep, move or drop it by its number."""
        value: int

    Content = Union[Content_Text, Content_Blob, Content_Json, Content_Opaque]
    """One block of content. Text is a typed field, so that a plugin that only handles text needs no JSON parser."""

    @dataclass
    class ToolCall:
        """arguments: A JSON object, as text."""
        name: str
        arguments: str

    @dataclass
    class PromptGet:
        """arguments: A JSON object of strings, as text."""
        name: str
        arguments: str

    @dataclass
    class ResourceRead:
        uri: str

    @dataclass
    class Request_ToolCall:
        value: ToolCall

    @dataclass
    class Request_PromptGet:
        value: PromptGet

    @dataclass
    class Request_ResourceRead:
        value: ResourceRead

    Request = Union[Request_ToolCall, Request_PromptGet, Request_ResourceRead]

    @dataclass
    class ToolResult:
        """structured_content: A JSON object, as text, when the tool declares an output schema."""
        content: List[Content]
        structured_content: Optional[str]
        is_error: bool

    @dataclass
    class PromptMessage:
        """role: `user` or `assistant`."""
        role: str
        content: Content

    @dataclass
    class PromptResult:
        description: Optional[str]
        messages: List[PromptMessage]

    @dataclass
    class ResourceContent:
        """content: `text`, `blob` or `opaque`."""
        uri: str
        mime_type: Optional[str]
        content: Content

    @dataclass
    class ResourceResult:
        contents: List[ResourceContent]

    @dataclass
    class Tool:
        """input_schema: JSON Schema, as text.
        output_schema: JSON Schema, as text.
        annotations: The tool's `annotations`, as JSON text.
        """
        name: str
        title: Optional[str]
        description: Optional[str]
        input_schema: str
        output_schema: Optional[str]
        annotations: Optional[str]

    @dataclass
    class PromptArgument:
        name: str
        description: Optional[str]
        required: bool

    @dataclass
    class Prompt:
        name: str
        title: Optional[str]
        description: Optional[str]
        arguments: List[PromptArgument]

    @dataclass
    class ResourceEntry:
        """A resource, or a resource template when `uri` holds a URI template."""
        uri: str
        name: str
        title: Optional[str]
        description: Optional[str]
        mime_type: Optional[str]

    @dataclass
    class Response_ToolResult:
        value: ToolResult

    @dataclass
    class Response_PromptResult:
        value: PromptResult

    @dataclass
    class Response_ResourceResult:
        value: ResourceResult

    @dataclass
    class Response_ToolList:
        value: List[Tool]

    @dataclass
    class Response_PromptList:
        value: List[Prompt]

    @dataclass
    class Response_ResourceList:
        value: List[ResourceEntry]

    @dataclass
    class Response_InputRequired:
        """The upstream asks for more input before it can answer (JSON text of the MCP result)."""
        value: str

    Response = Union[Response_ToolResult, Response_PromptResult, Response_ResourceResult, Response_ToolList, Response_PromptList, Response_ResourceList, Response_InputRequired]

    @dataclass
    class Violation:
        """The reason why a plugin blocked. The client receives it as structured data.

        code: Stable and machine-readable, for example `EMAIL_FOUND`.
        reason: One short sentence.
        details: A JSON object, as text.
        """
        code: str
        reason: str
        description: str
        details: Optional[str]

    @dataclass
    class RequestOutcome_Proceed:
        pass

    @dataclass
    class RequestOutcome_Modified:
        value: Request

    @dataclass
    class RequestOutcome_Respond:
        """Respond without calling the upstream, as a cache does."""
        value: Response

    @dataclass
    class RequestOutcome_Block:
        value: Violation

    RequestOutcome = Union[RequestOutcome_Proceed, RequestOutcome_Modified, RequestOutcome_Respond, RequestOutcome_Block]

    @dataclass
    class ResponseOutcome_Proceed:
        pass

    @dataclass
    class ResponseOutcome_Modified:
        value: Response

    @dataclass
    class ResponseOutcome_Block:
        value: Violation

    ResponseOutcome = Union[ResponseOutcome_Proceed, ResponseOutcome_Modified, ResponseOutcome_Block]

    @dataclass
    class IdentityContext:
        """Facts about a call of an `identity` plugin.

        deadline_ms: Milliseconds left for this call.
        """
        request_id: str
        deadline_ms: int

    @dataclass
    class Credentials:
        """The credentials of a request: one header, which the operator chose.

        header: The name of the header, in lower case.
        scheme: The authentication scheme, in lower case, for example `bearer`, if the header is `authorization`.
        value: The rest of the header. Never empty.
        """
        header: str
        scheme: Optional[str]
        value: str

    @dataclass
    class Principal:
        """The caller, as an `identity` plugin identifies it. The operator decides which tenants, scopes and claims may be stated.

        subject: At most 256 characters. The gateway puts the id of the scheme before it, unless the operator chose otherwise.
        claims: Further claims, a JSON object as text.
        valid_for_s: For how many seconds this holds. It is remembered no longer, and never for longer than the operator allows.
        """
        subject: str
        tenant: Optional[str]
        scopes: List[str]
        claims: str
        valid_for_s: Optional[int]

    @dataclass
    class Identification_Unknown:
        """Not credentials that this plugin knows. The next scheme is asked."""

    @dataclass
    class Identification_Known:
        value: Principal

    @dataclass
    class Identification_Refuse:
        """The credentials are not accepted. The operator's log has the reason, and the client does not get it."""
        value: Violation

    Identification = Union[Identification_Unknown, Identification_Known, Identification_Refuse]

    @dataclass
    class ArrivingRequest:
        """A request whose caller is not authenticated yet.

        method: The HTTP method.
        path: The path, without a query.
        binding: Empty where the tenant of the caller decides about the binding, also once the caller is known.
        address: The address of the client. Behind trusted proxies it is the one that they name.
        authorization: The authentication scheme of the header `authorization`, in lower case, if it is a registered one; otherwise `other`. Credentials are never shown.
        """
        method: str
        path: str
        binding: str
        address: str
        authorization: Optional[str]

    @dataclass
    class PreCheckOutcome_Proceed:
        pass

    @dataclass
    class PreCheckOutcome_Block:
        """The client receives the violation."""
        value: Violation

    PreCheckOutcome = Union[PreCheckOutcome_Proceed, PreCheckOutcome_Block]

    @dataclass
    class AuthenticatedCaller:
        """A request whose caller was authenticated.

        scheme: The id of the identity scheme; `anonymous` for a caller without credentials.
        scopes: Sorted.
        """
        request: ArrivingRequest
        scheme: str
        subject: Optional[str]
        tenant: Optional[str]
        scopes: List[str]

    @dataclass
    class Narrowed:
        """What the caller keeps.

        scopes: The scopes that it keeps, all of them its own.
        tenant: The tenant of a caller that has none, if the operator lets this plugin name it.
        """
        scopes: Optional[List[str]]
        tenant: Optional[str]

    @dataclass
    class PostCheckOutcome_Proceed:
        pass

    @dataclass
    class PostCheckOutcome_Narrow:
        value: Narrowed

    @dataclass
    class PostCheckOutcome_Block:
        """The client receives the violation."""
        value: Violation

    PostCheckOutcome = Union[PostCheckOutcome_Proceed, PostCheckOutcome_Narrow, PostCheckOutcome_Block]

    @dataclass
    class FederationContext:
        """Facts about a call of a `federation` plugin.

        request_id: Unique per registration, and per refresh of a list; also in the gateway's log lines.
        upstream: The id of the upstream.
        deadline_ms: Milliseconds left for this call.
        """
        request_id: str
        upstream: str
        deadline_ms: int

    @dataclass
    class JoiningServer:
        """A server that is about to join the gateway, as it is configured. It has no credentials, headers, arguments or
        environment.

        transport: `stdio`, `http` or `openapi`.
        urls: The URLs that requests go to, and that of the OpenAPI document if it is fetched; without user, password and query. Where such a document says itself where requests go, that is not known yet.
        command: The command of a server over stdio, without its folder and arguments.
        bindings: The ids of the bindings that offer it.
        origin: Who registers it: `file`, `program` or `admin`.
        principal: The caller of the management API, if that registers it.
        """
        id: str
        transport: str
        urls: List[str]
        command: Optional[str]
        bindings: List[str]
        origin: str
        principal: Optional[str]

    @dataclass
    class PreRegisterOutcome_Proceed:
        pass

    @dataclass
    class PreRegisterOutcome_Block:
        """The server does not join, and its registration fails with the violation."""
        value: Violation

    PreRegisterOutcome = Union[PreRegisterOutcome_Proceed, PreRegisterOutcome_Block]

    @dataclass
    class RegisteredServer:
        """A server that has joined and was reached, with what it says of itself.

        revision: The revision of MCP that it speaks; none if only users have connections with it.
        capabilities: The names of its capabilities, sorted.
        tools: The number of its tools, if it has a list of them that could be read.
        """
        server: JoiningServer
        name: Optional[str]
        version: Optional[str]
        revision: Optional[str]
        capabilities: List[str]
        tools: Optional[int]
        prompts: Optional[int]
        resources: Optional[int]
        resource_templates: Optional[int]

    class ListKind(Enum):
        """Lists that a server has."""
        TOOLS = 0
        PROMPTS = 1
        RESOURCES = 2
        RESOURCE_TEMPLATES = 3

    class RefreshReason(Enum):
        """Why a list is read again.

        connected: No list was read yet, or the connection is a new one.
        changed: The server reported a change.
        aged: The list is old, and the server would not report a change.
        """
        CONNECTED = 0
        CHANGED = 1
        AGED = 2

    @dataclass
    class ListRefresh:
        """The list of a server that is about to be read.

        entries: The number of entries in use; none if no list was accepted yet.
        """
        kind: ListKind
        reason: RefreshReason
        entries: Optional[int]

    @dataclass
    class PreSyncOutcome_Proceed:
        pass

    @dataclass
    class PreSyncOutcome_Block:
        """The list is not read. The earlier one stays in use; without one, nothing is listed and nothing can be called."""
        value: Violation

    PreSyncOutcome = Union[PreSyncOutcome_Proceed, PreSyncOutcome_Block]

    @dataclass
    class ServerList_Tools:
        value: List[Tool]

    @dataclass
    class ServerList_Prompts:
        value: List[Prompt]

    @dataclass
    class ServerList_Resources:
        value: List[ResourceEntry]

    @dataclass
    class ServerList_ResourceTemplates:
        value: List[ResourceEntry]

    ServerList = Union[ServerList_Tools, ServerList_Prompts, ServerList_Resources, ServerList_ResourceTemplates]
    """A whole list, as the server sent it."""

    @dataclass
    class PostSyncOutcome_Proceed:
        pass

    @dataclass
    class PostSyncOutcome_Modified:
        """Entries may be removed, moved and changed, but not added or renamed. What is removed cannot be called."""
        value: ServerList

    @dataclass
    class PostSyncOutcome_Block:
        """The list is not used. The earlier one stays in use; without one, nothing is listed and nothing can be called."""
        value: Violation

    PostSyncOutcome = Union[PostSyncOutcome_Proceed, PostSyncOutcome_Modified, PostSyncOutcome_Block]

    @dataclass
    class Decision_Allow:
        pass

    @dataclass
    class Decision_Deny:
        value: Violation

    Decision = Union[Decision_Allow, Decision_Deny]

else:
    from wit_world.imports.types import *
