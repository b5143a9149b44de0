# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `outbound_http`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional, Tuple, Union

if TYPE_CHECKING:

    @dataclass
    class HttpRequest:
        method: str
        url: str
        headers: List[Tuple[str, str]]
        body: Optional[bytes]

    @dataclass
    class HttpResponse:
        status: int
        headers: List[Tuple[str, str]]
        body: bytes

    @dataclass
    class HttpError_Denied:
        """The grant does not allow it. The text names the missing rule."""
        value: str

    @dataclass
    class HttpError_Timeout:
        pass

    @dataclass
    class HttpError_TooLarge:
        pass

    @dataclass
    class HttpError_Failed:
        value: str

    HttpError = Union[HttpError_Denied, HttpError_Timeout, HttpError_TooLarge, HttpError_Failed]

    def send(request: HttpRequest) -> HttpResponse:
        """Raises `sallyport.Err` of HttpError."""
        ...

else:
    from wit_world.imports.outbound_http import *
