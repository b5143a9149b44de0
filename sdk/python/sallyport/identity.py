"""Builds the two classes that an ``identity`` plugin exports."""

import json
from dataclasses import dataclass
from typing import Any

from .config import configured
from .transform import Block
from .types import (
    ArrivingRequest,
    AuthenticatedCaller,
    Credentials,
    Identification,
    Identification_Known,
    Identification_Refuse,
    Identification_Unknown,
    IdentityContext,
    Narrowed,
    PostCheckOutcome,
    PostCheckOutcome_Block,
    PostCheckOutcome_Narrow,
    PostCheckOutcome_Proceed,
    PreCheckOutcome,
    PreCheckOutcome_Block,
    PreCheckOutcome_Proceed,
    Principal,
)
from .violation import Violating


@dataclass
class Known:
    """Identifies the caller. The operator decides which tenant, scopes and claims count; ``valid_for_s`` is for how many
    seconds they hold."""

    subject: str
    tenant: str | None = None
    scopes: list[str] | None = None
    claims: dict[str, Any] | None = None
    valid_for_s: int | None = None


class Refuse(Violating):
    """Refuses credentials, for example because they have expired. The operator's log has the reason, and the client does
    not get it. Return it from `Identity.identify`, or raise it in a function that it calls."""


@dataclass
class Narrow:
    """Takes away all scopes of the caller but ``scopes``, which must be its own; None takes away none. A ``tenant``, for a
    caller without one, needs the operator's permission."""

    scopes: list[str] | None = None
    tenant: str | None = None


class Identity:
    """Identifies callers, and may check requests before and after their callers are authenticated. Each method does
    nothing by default. An uncaught exception refuses the request.

    Several instances run side by side, and any of them may be discarded. Keep in the plugin only what follows from its
    configuration.
    """

    def identify(self, credentials: Credentials, context: IdentityContext) -> Known | Refuse | None:
        """Identifies a caller by its credentials. Returns None for credentials that this plugin does not know. Raise an
        exception if they cannot be checked now. The answer is remembered, so it must depend on the credentials alone."""
        return None

    def pre_check(self, request: ArrivingRequest, context: IdentityContext) -> None:
        """The hook auth_pre_check: called for each request before its caller is authenticated. Raise `Block` to refuse
        it."""
        return None

    def post_check(self, caller: AuthenticatedCaller, context: IdentityContext) -> Narrow | None:
        """The hook auth_post_check: called for each request once its caller is authenticated. Returns None to let the
        request proceed, with what the caller has. Raise `Block` to refuse it."""
        return None


def identity(plugin: type[Identity]) -> tuple[type, type]:
    """Creates the classes that the component exports: ``Lifecycle, IdentityCheck = identity(YourPlugin)`` at the end of the
    module. The plugin is a dataclass, which `read_config` creates from the operator's configuration. A ValueError in it
    refuses the configuration; the gateway then does not start.
    """
    Lifecycle, instance = configured(plugin)

    class IdentityCheck:
        def identify(self, ctx: IdentityContext, credentials: Credentials) -> Identification:
            try:
                answer = instance().identify(credentials, ctx)
            except Refuse as refusal:
                answer = refusal
            if answer is None:
                return Identification_Unknown()
            if isinstance(answer, Refuse):
                return Identification_Refuse(answer.violation)
            if isinstance(answer, Known):
                return Identification_Known(_principal(answer))
            raise _wrong("identify", "Known(…), Refuse(…) or None", answer)

        def pre_check(self, ctx: IdentityContext, request: ArrivingRequest) -> PreCheckOutcome:
            try:
                outcome = instance().pre_check(request, ctx)
            except Block as block:
                return PreCheckOutcome_Block(block.violation)
            if outcome is None:
                return PreCheckOutcome_Proceed()
            raise _wrong("pre_check", "None, or raise Block(…)", outcome)

        def post_check(self, ctx: IdentityContext, caller: AuthenticatedCaller) -> PostCheckOutcome:
            try:
                outcome = instance().post_check(caller, ctx)
            except Block as block:
                return PostCheckOutcome_Block(block.violation)
            if outcome is None:
                return PostCheckOutcome_Proceed()
            if isinstance(outcome, Narrow):
                return PostCheckOutcome_Narrow(Narrowed(outcome.scopes, outcome.tenant))
            raise _wrong("post_check", "Narrow(…) or None, or raise Block(…)", outcome)

    return Lifecycle, IdentityCheck


def _principal(known: Known) -> Principal:
    claims = json.dumps(known.claims or {})
    return Principal(known.subject, known.tenant, known.scopes or [], claims, known.valid_for_s)


def _wrong(method: str, expected: str, value: object) -> TypeError:
    return TypeError(f"{method} must return {expected}, not {type(value).__name__}")
