# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `metrics`. Names and labels consist of lower-case letters, digits and single underscores. There is
no error: values that are refused or beyond the limits are dropped and counted for the operator. Values measured in
`configure` are dropped.
"""

from typing import TYPE_CHECKING, List, Tuple

if TYPE_CHECKING:

    def count(name: str, labels: List[Tuple[str, str]], by: float) -> None:
        """Adds to a counter; `by` must not be negative."""
        ...

    def gauge(name: str, labels: List[Tuple[str, str]], value: float) -> None:
        ...

    def observe(name: str, labels: List[Tuple[str, str]], value: float) -> None:
        """Records a value in a histogram."""
        ...

else:
    from wit_world.imports.metrics import *
