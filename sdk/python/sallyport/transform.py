"""Builds the two classes that a ``transform`` plugin exports."""

from typing import get_args

from .config import configured
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
)
from .violation import Violating


class Block(Violating):
    """Blocks the request; the client receives the reason. Raise it in a hook, or in a function that a hook calls."""


class Transform:
    """Inspects and changes requests to an upstream and its responses. The methods are called for the ``hooks`` named in
    plugin.json; each does nothing by default.

    Several instances run side by side, and any of them may be discarded. Keep in the plugin only what follows from its
    configuration, use `sallyport.context` for the state of a request, and `sallyport.kv_store` for what outlives it.
    """

    def before(self, request: Request, context: CallContext) -> Request | Response | None:
        """Called for tool_pre_invoke, prompt_pre_fetch and resource_pre_fetch. Returns a changed request, a response to
        answer without the upstream, or None to let it pass."""
        return None

    def after(self, response: Response, context: CallContext) -> Response | None:
        """Called for tool_post_invoke, prompt_post_fetch, resource_post_fetch and the lists. Returns a changed response,
        or None to let it pass."""
        return None


def transform(plugin: type[Transform]) -> tuple[type, type]:
    """Creates the classes that the component exports: ``Lifecycle, DispatchHooks = transform(YourPlugin)`` at the end of
    the module. The plugin is a dataclass, which `read_config` creates from the operator's configuration. A ValueError in
    it refuses the configuration; the gateway then does not start.
    """
    Lifecycle, instance = configured(plugin)

    class DispatchHooks:
        def before_dispatch(self, ctx: CallContext, request: Request) -> RequestOutcome:
            try:
                outcome = instance().before(request, ctx)
            except Block as block:
                return RequestOutcome_Block(block.violation)
            if outcome is None:
                return RequestOutcome_Proceed()
            if isinstance(outcome, get_args(Request)):
                return RequestOutcome_Modified(outcome)
            if isinstance(outcome, get_args(Response)):
                return RequestOutcome_Respond(outcome)
            raise TypeError(f"before must return a request, a response or None, not {type(outcome).__name__}")

        def after_dispatch(self, ctx: CallContext, response: Response) -> ResponseOutcome:
            try:
                outcome = instance().after(response, ctx)
            except Block as block:
                return ResponseOutcome_Block(block.violation)
            if outcome is None:
                return ResponseOutcome_Proceed()
            if isinstance(outcome, get_args(Response)):
                return ResponseOutcome_Modified(outcome)
            raise TypeError(f"after must return a response or None, not {type(outcome).__name__}")

    return Lifecycle, DispatchHooks
