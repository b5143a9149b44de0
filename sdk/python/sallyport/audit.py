# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `audit`: events for the audit trail. Events sent in `configure` are dropped."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    def write(event: str, details: str) -> None:
        """`event` is a stable name such as `email_redacted`; `details` is a JSON object, as text. The error says what is invalid,
        or that this hook call has written more than one call may.

        Raises `sallyport.Err` of str.
        """
        ...

else:
    from wit_world.imports.audit import *
