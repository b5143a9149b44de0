# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `kv_store`: small values that outlive a request. Keys are separate for each plugin and for each tenant it is
called for. A key has 1 to 512 bytes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional, Union

if TYPE_CHECKING:

    @dataclass
    class KvError_Denied:
        """The grant does not allow it."""
        value: str

    @dataclass
    class KvError_Quota:
        """More keys or bytes than the grant allows. Delete values or let them expire."""
        value: str

    @dataclass
    class KvError_Invalid:
        """The value is not a number, or the key is not valid."""
        value: str

    @dataclass
    class KvError_Failed:
        """The store failed."""
        value: str

    KvError = Union[KvError_Denied, KvError_Quota, KvError_Invalid, KvError_Failed]

    def get(key: str) -> Optional[bytes]:
        """Raises `sallyport.Err` of KvError."""
        ...

    def set(key: str, value: bytes, ttl_ms: Optional[int]) -> None:
        """With `ttl-ms` the value expires after that many milliseconds.

        Raises `sallyport.Err` of KvError.
        """
        ...

    def delete(key: str) -> bool:
        """Returns whether the key existed.

        Raises `sallyport.Err` of KvError.
        """
        ...

    def list(prefix: str, after: Optional[str], limit: int) -> List[str]:
        """Lists keys with this prefix that sort after `after`, in byte order; at most 1,000.

        Raises `sallyport.Err` of KvError.
        """
        ...

    def compare_and_set(key: str, expected: Optional[bytes], value: bytes, ttl_ms: Optional[int]) -> bool:
        """Sets the value if the current one is `expected` (`none`: if there is no value), and returns whether it did.

        Raises `sallyport.Err` of KvError.
        """
        ...

    def increment(key: str, by: int, ttl_ms: Optional[int]) -> int:
        """Adds to a number, stored as decimal text and initially 0, and returns the sum. `ttl-ms` counts from the first
        addition, like the window of a rate limit.

        Raises `sallyport.Err` of KvError.
        """
        ...

else:
    from wit_world.imports.kv_store import *
