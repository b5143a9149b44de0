# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `audit`: events for whoever looks into what happened. Those of `configure` are dropped."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    def write(event: str, details: str) -> None:
        """`event` is a stable name such as `email_redacted`; `details` a JSON object, as text. The error says what is wrong.

        Raises `sallyport.Err` of str.
        """
        ...

else:
    from wit_world.imports.audit import *
