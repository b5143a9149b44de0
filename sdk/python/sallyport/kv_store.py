# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `kv_store`: small values that outlive a request. Keys are this plugin's own, and those of the tenant for
whom it is called. Keys have 1 to 512 bytes.
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
        """More keys or bytes than the grant allows. Delete something, or let it expire."""
        value: str

    @dataclass
    class KvError_Invalid:
        """The value is no number, or the key is not one."""
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
        """With `ttl-ms` the value is gone after so many milliseconds.

        Raises `sallyport.Err` of KvError.
        """
        ...

    def delete(key: str) -> bool:
        """Whether there was one.

        Raises `sallyport.Err` of KvError.
        """
        ...

    def list(prefix: str, after: Optional[str], limit: int) -> List[str]:
        """Keys with this prefix that come after `after`, in the order of their bytes; at most 1,000 of them.

        Raises `sallyport.Err` of KvError.
        """
        ...

    def compare_and_set(key: str, expected: Optional[bytes], value: bytes, ttl_ms: Optional[int]) -> bool:
        """Sets the value when it is `expected` (`none`: when there is no value), and tells whether it did.

        Raises `sallyport.Err` of KvError.
        """
        ...

    def increment(key: str, by: int, ttl_ms: Optional[int]) -> int:
        """Adds to a number, kept as decimal text, that begins with 0, and yields the sum. `ttl-ms` counts from the first
        addition: the window of a rate limit.

        Raises `sallyport.Err` of KvError.
        """
        ...

else:
    from wit_world.imports.kv_store import *
