"""The SDK for plugins in Python: transforms, policies, identity and federation plugins.

A transform is a dataclass with the hooks it needs. Its fields are the operator's configuration; fields that the operator
does not set keep their defaults::

    from dataclasses import dataclass

    from sallyport import Block, CallContext, Request, Transform, replace_text, transform


    @dataclass
    class NoWord(Transform):
        word: str = "secret"

        def before(self, request: Request, context: CallContext) -> Request | None:
            def refuse(text: str) -> str:
                if self.word in text:
                    raise Block("WORD_FOUND", "The word is not allowed.")
                return text

            return replace_text(request, refuse)


    Lifecycle, DispatchHooks = transform(NoWord)

A policy is a dataclass with the method ``decide``, which returns `Allow` or `Deny`::

    Lifecycle, PolicyCheck = policy(YourPolicy)

An identity plugin is a dataclass with the methods of `Identity` that it needs. ``identify`` returns `Known`, `Refuse`, or None
for credentials that it does not know; compare secrets with ``hmac.compare_digest``::

    Lifecycle, IdentityCheck = identity(YourPlugin)

A federation plugin is a dataclass with the methods of `Federation` that it needs::

    Lifecycle, FederationCheck = federation(YourPlugin)

`replace_text` replaces text anywhere in a request or response. `Block` says why a request is blocked. Printed lines go to
the gateway's log; `debug`, `info`, `warn` and `error` write lines of other levels.

Each interface of the contract is a module of this package: ``from sallyport import kv_store``. All but ``log`` and
``context`` must be named in plugin.json. Their functions raise `Err` on failure, whose ``value`` says why.

An uncaught exception ends the call, its traceback is logged, and the operator's ``on_error`` decides what follows; one of a
policy or an identity plugin denies. The same goes for ``raise Err("why")``.
"""

from .config import read_config
from .federation import Federation, federation
from .identity import Identity, Known, Narrow, Refuse, identity
from .lines import debug, error, info, warn
from .policy import Allow, Deny, Policy, policy
from .result import Err
from .text import replace_in_json, replace_text
from .transform import Block, Transform, transform
from .types import (
    ArrivingRequest,
    AuthenticatedCaller,
    CallContext,
    Credentials,
    FederationContext,
    IdentityContext,
    JoiningServer,
    ListRefresh,
    PolicyContext,
    RegisteredServer,
    Request,
    Response,
    ServerList,
    ServerList_Prompts,
    ServerList_Resources,
    ServerList_ResourceTemplates,
    ServerList_Tools,
)

__all__ = [
    "Allow",
    "ArrivingRequest",
    "AuthenticatedCaller",
    "Block",
    "CallContext",
    "Credentials",
    "Deny",
    "Err",
    "Federation",
    "FederationContext",
    "Identity",
    "IdentityContext",
    "JoiningServer",
    "Known",
    "ListRefresh",
    "Narrow",
    "Policy",
    "PolicyContext",
    "Refuse",
    "RegisteredServer",
    "Request",
    "Response",
    "ServerList",
    "ServerList_Prompts",
    "ServerList_ResourceTemplates",
    "ServerList_Resources",
    "ServerList_Tools",
    "Transform",
    "debug",
    "error",
    "federation",
    "identity",
    "info",
    "policy",
    "read_config",
    "replace_in_json",
    "replace_text",
    "transform",
    "warn",
]
