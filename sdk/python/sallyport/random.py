# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `random`: cryptographically strong."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    def bytes(length: int) -> bytes:
        """At most 65,536 bytes a call."""
        ...

else:
    from wit_world.imports.random import *
