"""Builds the two classes that a ``federation`` plugin exports."""

from .config import configured
from .transform import Block
from .types import (
    FederationContext,
    JoiningServer,
    ListRefresh,
    PostSyncOutcome,
    PostSyncOutcome_Block,
    PostSyncOutcome_Modified,
    PostSyncOutcome_Proceed,
    PreRegisterOutcome,
    PreRegisterOutcome_Block,
    PreRegisterOutcome_Proceed,
    PreSyncOutcome,
    PreSyncOutcome_Block,
    PreSyncOutcome_Proceed,
    RegisteredServer,
    ServerList,
    ServerList_Prompts,
    ServerList_Resources,
    ServerList_ResourceTemplates,
    ServerList_Tools,
)


class Federation:
    """Decides which servers join the gateway, and what of their lists is used. Each method does nothing by default. An
    uncaught exception is a failure, which refuses by default.

    Several instances run side by side, and any of them may be discarded. Keep in the plugin only what follows from its
    configuration.
    """

    def pre_register(self, server: JoiningServer, context: FederationContext) -> None:
        """The hook server_pre_register: called before a server joins. Raise `Block` to refuse it."""
        return None

    def post_register(self, server: RegisteredServer, context: FederationContext) -> None:
        """The hook server_post_register: called once a server has joined and was reached. It only observes."""
        return None

    def pre_sync(self, refresh: ListRefresh, context: FederationContext) -> None:
        """The hook federation_pre_sync: called before a list of a server is read. Raise `Block` to refuse that."""
        return None

    def post_sync(self, received: ServerList, context: FederationContext) -> ServerList | None:
        """The hook federation_post_sync: called for a whole list that was read, before anybody uses it. Returns the list to
        use in its place, or None to use it as it is. Entries may be removed, moved and changed, but not added or renamed.
        Raise `Block` to refuse the list."""
        return None


def federation(plugin: type[Federation]) -> tuple[type, type]:
    """Creates the classes that the component exports: ``Lifecycle, FederationCheck = federation(YourPlugin)`` at the end of
    the module. The plugin is a dataclass, which `read_config` creates from the operator's configuration. A ValueError in it
    refuses the configuration; the gateway then does not start.
    """
    Lifecycle, instance = configured(plugin)

    class FederationCheck:
        def pre_register(self, ctx: FederationContext, server: JoiningServer) -> PreRegisterOutcome:
            try:
                outcome = instance().pre_register(server, ctx)
            except Block as block:
                return PreRegisterOutcome_Block(block.violation)
            if outcome is None:
                return PreRegisterOutcome_Proceed()
            raise _wrong("pre_register", "None, or raise Block(…)", outcome)

        def post_register(self, ctx: FederationContext, server: RegisteredServer) -> None:
            instance().post_register(server, ctx)

        def pre_sync(self, ctx: FederationContext, refresh: ListRefresh) -> PreSyncOutcome:
            try:
                outcome = instance().pre_sync(refresh, ctx)
            except Block as block:
                return PreSyncOutcome_Block(block.violation)
            if outcome is None:
                return PreSyncOutcome_Proceed()
            raise _wrong("pre_sync", "None, or raise Block(…)", outcome)

        def post_sync(self, ctx: FederationContext, received: ServerList) -> PostSyncOutcome:
            try:
                kept = instance().post_sync(received, ctx)
            except Block as block:
                return PostSyncOutcome_Block(block.violation)
            if kept is None:
                return PostSyncOutcome_Proceed()
            if isinstance(kept, _lists):
                return PostSyncOutcome_Modified(kept)
            raise _wrong("post_sync", "a ServerList or None, or raise Block(…)", kept)

    return Lifecycle, FederationCheck


_lists = (ServerList_Tools, ServerList_Prompts, ServerList_Resources, ServerList_ResourceTemplates)


def _wrong(method: str, expected: str, value: object) -> TypeError:
    return TypeError(f"{method} must return {expected}, not {type(value).__name__}")
