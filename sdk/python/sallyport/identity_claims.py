# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `identity_claims`."""

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:

    def get(name: str) -> Optional[str]:
        """Returns a claim of the authenticated caller, as JSON text; `none` if it is absent or not granted."""
        ...

else:
    from wit_world.imports.identity_claims import *
