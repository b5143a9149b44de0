# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""State of the current request. Always granted; its size is limited."""

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:

    def get(key: str) -> Optional[str]:
        """Values that only this plugin sees, shared by the before and after hooks of one request."""
        ...

    def set(key: str, value: str) -> None:
        ...

    def get_shared(key: str) -> Optional[str]:
        """Values that all plugins of the request see."""
        ...

    def set_shared(key: str, value: str) -> None:
        ...

else:
    from wit_world.imports.context import *
