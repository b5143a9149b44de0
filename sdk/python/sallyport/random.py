# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `random`: cryptographically strong."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    def bytes(length: int) -> bytes:
        """Returns at most 65,536 bytes per call."""
        ...

else:
    from wit_world.imports.random import *
