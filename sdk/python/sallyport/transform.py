"""The two classes that a plugin of the kind ``transform`` exports."""

import dataclasses
import json
from typing import Any, get_args

from .config import read_config
from .result import Err
from .types import (
    CallContext,
    Request,
    RequestOutcome,
    RequestOutcome_Block,
    RequestOutcome_Modified,
    RequestOutcome_Proceed,
    RequestOutcome_Respond,
    Response,
    ResponseOutcome,
    ResponseOutcome_Block,
    ResponseOutcome_Modified,
    ResponseOutcome_Proceed,
    Violation,
)


class Block(Exception):
    """Ends the request; the client is told why. Raise it in a hook, or in whatever a hook calls.

    ``code`` is stable and machine-readable, for example ``EMAIL_FOUND``; ``reason`` one short sentence; ``description``
    says what to do about it; ``details`` is an object for machines.
    """

    def __init__(
        self, code: str, reason: str, description: str = "", details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(reason)
        self.violation = Violation(code, reason, description, None if details is None else json.dumps(details))


class Transform:
    """Sees and changes what goes to an upstream and what comes back. Its hooks are called for what ``hooks`` in
    plugin.json names; each does nothing unless written.

    Several instances run side by side, and any of them may be thrown away: keep in the plugin what follows from the
    config, with `sallyport.context` what belongs to a request, and with `sallyport.kv_store` what outlives it.
    """

    def before(self, request: Request, context: CallContext) -> Request | Response | None:
        """Is called for tool_pre_invoke, prompt_pre_fetch and resource_pre_fetch. Yields the request that is sent in its
        place, a response to answer without the upstream, or None to go on."""
        return None

    def after(self, response: Response, context: CallContext) -> Response | None:
        """Is called for tool_post_invoke, prompt_post_fetch, resource_post_fetch and the lists. Yields the response that
        stands in its place, or None to go on."""
        return None


def transform(plugin: type[Transform]) -> tuple[type, type]:
    """Makes the classes that the component exports: ``Lifecycle, DispatchHooks = transform(YourPlugin)`` at the end of
    the module. The plugin is a dataclass, read from the operator's config as `read_config` does. A ValueError of it
    refuses the config, and the gateway does not start.
    """
    if not dataclasses.is_dataclass(plugin):
        raise TypeError(f"write @dataclass before class {plugin.__name__}")
    configured: Transform

    class Lifecycle:
        def configure(self, config_json: str) -> None:
            nonlocal configured
            try:
                configured = read_config(plugin, config_json)
            except ValueError as error:
                raise Err(str(error)) from error

    class DispatchHooks:
        def before_dispatch(self, ctx: CallContext, request: Request) -> RequestOutcome:
            try:
                outcome = configured.before(request, ctx)
            except Block as block:
                return RequestOutcome_Block(block.violation)
            if outcome is None:
                return RequestOutcome_Proceed()
            if isinstance(outcome, get_args(Request)):
                return RequestOutcome_Modified(outcome)
            if isinstance(outcome, get_args(Response)):
                return RequestOutcome_Respond(outcome)
            raise TypeError(f"before yields a request, a response or None, not {type(outcome).__name__}")

        def after_dispatch(self, ctx: CallContext, response: Response) -> ResponseOutcome:
            try:
                outcome = configured.after(response, ctx)
            except Block as block:
                return ResponseOutcome_Block(block.violation)
            if outcome is None:
                return ResponseOutcome_Proceed()
            if isinstance(outcome, get_args(Response)):
                return ResponseOutcome_Modified(outcome)
            raise TypeError(f"after yields a response or None, not {type(outcome).__name__}")

    return Lifecycle, DispatchHooks
