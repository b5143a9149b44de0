# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `upstream_headers`: headers of the HTTP request that carries this call to its upstream."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:

    @dataclass
    class HeaderError_Denied:
        """The grant does not name this header, or the gateway sets it itself."""
        value: str

    @dataclass
    class HeaderError_Invalid:
        """The name or the value is not valid for a header, or the value is too long."""
        value: str

    @dataclass
    class HeaderError_Unavailable:
        """There is no HTTP request: the upstream is reached over stdio, or this is not a before hook of a call."""
        value: str

    HeaderError = Union[HeaderError_Denied, HeaderError_Invalid, HeaderError_Unavailable]

    def set(name: str, value: str) -> None:
        """Sets a header, replacing one that the operator or an earlier plugin set. The value may contain references from
        `secret-store.reference`; the gateway replaces them with the secrets when it sends the request.

        Raises `sallyport.Err` of HeaderError.
        """
        ...

else:
    from wit_world.imports.upstream_headers import *
