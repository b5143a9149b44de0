# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `request_headers`."""

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:

    def get(name: str) -> Optional[str]:
        """Returns a header of the client's request; `none` if it is absent or not granted."""
        ...

else:
    from wit_world.imports.request_headers import *
