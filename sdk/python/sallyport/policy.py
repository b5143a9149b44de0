"""Builds the two classes that a ``policy`` plugin exports."""

from collections.abc import Callable

from .config import configured
from .types import Decision, Decision_Allow, Decision_Deny, PolicyContext, Request
from .violation import Violating


class Allow:
    """Allows the request."""


class Deny(Violating):
    """Denies the request; the client receives the reason. Return it from a decision, or raise it in a function that a
    decision calls."""


class Policy:
    """Decides about requests and cannot change them. Whatever fails denies.

    Several instances run side by side, and any of them may be discarded. Keep in the plugin only what follows from its
    configuration.
    """

    def decide(self, request: Request, context: PolicyContext) -> Allow | Deny:
        """Called right before a request is sent. Any other result than `Allow` denies."""
        raise NotImplementedError(f"{type(self).__name__} has no method decide")

    def show(self, request: Request, context: PolicyContext) -> Allow | Deny:
        """Called for each entry of a list: whether the caller sees it. The arguments of the request are ``{}``, and its
        ``uri`` may be a template. Allow what could be allowed. By default it asks `decide`."""
        return self.decide(request, context)


def policy(plugin: type[Policy]) -> tuple[type, type]:
    """Creates the classes that the component exports: ``Lifecycle, PolicyCheck = policy(YourPolicy)`` at the end of the
    module. The plugin is a dataclass, which `read_config` creates from the operator's configuration. A ValueError in it
    refuses the configuration; the gateway then does not start.
    """
    Lifecycle, instance = configured(plugin)

    class PolicyCheck:
        def decide(self, ctx: PolicyContext, request: Request) -> Decision:
            return _decision(instance().decide, request, ctx)

        def decide_many(self, ctx: PolicyContext, requests: list[Request]) -> list[Decision]:
            show = instance().show
            return [_decision(show, request, ctx) for request in requests]

    return Lifecycle, PolicyCheck


def _decision(decide: Callable[..., Allow | Deny], request: Request, context: PolicyContext) -> Decision:
    try:
        decision = decide(request, context)
    except Deny as denial:
        decision = denial
    if isinstance(decision, Deny):
        return Decision_Deny(decision.violation)
    if isinstance(decision, Allow):
        return Decision_Allow()
    raise TypeError(f"{decide.__name__} must return Allow() or Deny(…), not {type(decision).__name__}")
