# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `clock`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    def now_ms() -> int:
        """Returns milliseconds since the Unix epoch."""
        ...

    def monotonic_ns() -> int:
        """Returns nanoseconds since an arbitrary moment; never decreases."""
        ...

else:
    from wit_world.imports.clock import *
