# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `secret_store`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:

    @dataclass
    class SecretError_Denied:
        """The grant does not allow it."""
        value: str

    @dataclass
    class SecretError_Unavailable:
        """The secret cannot be read at the moment."""
        value: str

    SecretError = Union[SecretError_Denied, SecretError_Unavailable]

    def get(name: str) -> str:
        """Returns the value. Prefer `reference`.

        Raises `sallyport.Err` of SecretError.
        """
        ...

    def reference(name: str) -> str:
        """Returns a placeholder to write into a header of an outbound request, for example after `Bearer `. The gateway replaces
        it with the value if the grant allows it.

        Raises `sallyport.Err` of SecretError.
        """
        ...

else:
    from wit_world.imports.secret_store import *
