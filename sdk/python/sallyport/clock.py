# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `clock`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    def now_ms() -> int:
        """Milliseconds since the Unix epoch."""
        ...

    def monotonic_ns() -> int:
        """Nanoseconds since an arbitrary moment; never goes back."""
        ...

else:
    from wit_world.imports.clock import *
