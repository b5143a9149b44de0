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
        """The secret cannot be read now."""
        value: str

    SecretError = Union[SecretError_Denied, SecretError_Unavailable]

    def get(name: str) -> str:
        """The value. Better use a reference.

        Raises `sallyport.Err` of SecretError.
        """
        ...

    def reference(name: str) -> str:
        """A text to be written where the value belongs in a header of an outbound request, for example `Bearer ` and it.
        The gateway puts in the value, where the grant allows.

        Raises `sallyport.Err` of SecretError.
        """
        ...

else:
    from wit_world.imports.secret_store import *
