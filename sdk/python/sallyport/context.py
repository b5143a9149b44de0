# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""State of the current request. Always granted; sizes are limited."""

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:

    def get(key: str) -> Optional[str]:
        """Only this plugin sees what it set, in the before hook and in the after hook of one request."""
        ...

    def set(key: str, value: str) -> None:
        ...

    def get_shared(key: str) -> Optional[str]:
        """All plugins of the request see these."""
        ...

    def set_shared(key: str, value: str) -> None:
        ...

else:
    from wit_world.imports.context import *
