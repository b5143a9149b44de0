"""Whether the plugin is being built, or is called by a gateway."""

called = False
"""True from the first call on. While a plugin is built there is no gateway that could answer it."""


def require(what: str, capability: str, declared: object) -> None:
    """Refuses what would need a capability, or a gateway, that is not there. ``declared`` is its interface, or None."""
    if declared is None:
        raise RuntimeError(
            f'{what} needs the capability "{capability}": add it to required_capabilities in plugin.json'
        )
    if not called:
        raise RuntimeError(f"{what} is called while the plugin is built: call it within a hook")
