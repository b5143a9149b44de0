"""What stands between Python's own library and a plugin's world.

It is imported before the plugin while the plugin is built, and stays with it in the component. It binds ``print``,
``time`` and ``random`` to the interfaces that plugin.json declares, and has what else of the system is not there raise an
exception. Without it Python would end the instance without a word.
"""

from . import chance, clock, outside, stream
from .export import exports_of

__all__ = ["begin", "exports_of"]


def begin() -> None:
    """Has the standard library ask the gateway. Call it before anything of the plugin is imported."""
    clock.bind()
    chance.bind()
    outside.bind()
    stream.bind()
