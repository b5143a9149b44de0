"""Tracks whether the plugin is being built or called by a gateway."""

called = False
"""True from the first call on. At build time there is no gateway to call."""


def require(what: str, capability: str, declared: object) -> None:
    """Raises an error if the capability is not declared or there is no gateway. ``declared`` is its interface, or None."""
    if declared is None:
        raise RuntimeError(
            f'{what} needs the capability "{capability}": add it to required_capabilities in plugin.json'
        )
    if not called:
        raise RuntimeError(f"{what} is called at build time: call it in a hook")
