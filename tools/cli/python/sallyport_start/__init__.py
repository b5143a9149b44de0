"""Adapts Python's standard library to a plugin's world.

It is imported before the plugin at build time and is part of the component. It binds ``print``, ``time`` and ``random``
to the interfaces that plugin.json declares, and makes everything else of the system raise an exception. Without it
Python would end the instance without a message.
"""

from . import chance, clock, outside, stream
from .export import exports_of

__all__ = ["begin", "exports_of"]


def begin() -> None:
    """Binds the standard library to the gateway. Call it before any module of the plugin is imported."""
    clock.bind()
    chance.bind()
    outside.bind()
    stream.bind()
