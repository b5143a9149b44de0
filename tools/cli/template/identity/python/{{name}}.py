"""{{description}}"""

from dataclasses import dataclass
from hmac import compare_digest

from sallyport import Credentials, Identity, IdentityContext, Known, Refuse, identity, secret_store


@dataclass
class Plugin(Identity):
    """The operator's configuration. A ValueError refuses it."""

    secret: str = "service-key"
    subject: str = "service"

    def __post_init__(self) -> None:
        if self.subject == "":
            raise ValueError("subject must not be empty")

    def identify(self, credentials: Credentials, context: IdentityContext) -> Known | Refuse | None:
        """Called with the header that the operator chose. An exception says that they cannot be checked now."""
        key = secret_store.get(self.secret)
        # This takes a time that does not depend on where the difference is.
        is_same = compare_digest(credentials.value.encode(), key.encode())
        return Known(self.subject) if is_same else None


Lifecycle, IdentityCheck = identity(Plugin)
