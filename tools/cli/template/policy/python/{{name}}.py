"""{{description}}"""

from dataclasses import dataclass

from sallyport import Allow, Deny, Policy, PolicyContext, Request, policy
from sallyport.types import Request_ToolCall


@dataclass
class Plugin(Policy):
    """The operator's configuration. A ValueError refuses it."""

    prefix: str = "delete_"
    scope: str = "admin"

    def __post_init__(self) -> None:
        if self.scope == "":
            raise ValueError("scope must not be empty")

    def decide(self, request: Request, context: PolicyContext) -> Allow | Deny:
        """Called right before a request is sent, and for each entry of a list."""
        needs_scope = isinstance(request, Request_ToolCall) and request.value.name.startswith(self.prefix)
        if not needs_scope or self.scope in context.scopes:
            return Allow()
        return Deny("SCOPE_REQUIRED", f"The scope {self.scope} is required.")


Lifecycle, PolicyCheck = policy(Plugin)
