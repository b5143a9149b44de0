"""{{description}}"""

from dataclasses import dataclass, field

from sallyport import Block, Federation, FederationContext, JoiningServer, ServerList, ServerList_Tools, federation


@dataclass
class Plugin(Federation):
    """The operator's configuration. A ValueError refuses it."""

    origins: list[str] = field(default_factory=lambda: ["http://localhost"])
    hidden: str = "debug_"

    def __post_init__(self) -> None:
        if not self.origins:
            raise ValueError("origins must not be empty")

    def pre_register(self, server: JoiningServer, context: FederationContext) -> None:
        """Called before an upstream joins."""
        for url in server.urls:
            if not any(url.startswith(f"{origin}/") for origin in self.origins):
                raise Block("UNKNOWN_ORIGIN", f"Upstreams at {url} may not join.")

    def post_sync(self, received: ServerList, context: FederationContext) -> ServerList | None:
        """Called with each list of an upstream, before anybody uses it."""
        if not isinstance(received, ServerList_Tools):
            return None
        kept = [tool for tool in received.value if not tool.name.startswith(self.hidden)]
        return None if len(kept) == len(received.value) else ServerList_Tools(kept)


Lifecycle, FederationCheck = federation(Plugin)
