# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `metrics`. Names and labels are lower-case letters, digits and single underscores. What is beyond the
limits of the grant, and what is measured in `configure`, is dropped.
"""

from typing import TYPE_CHECKING, List, Tuple

if TYPE_CHECKING:

    def count(name: str, labels: List[Tuple[str, str]], by: float) -> None:
        """Adds to a counter; `by` is not negative."""
        ...

    def gauge(name: str, labels: List[Tuple[str, str]], value: float) -> None:
        ...

    def observe(name: str, labels: List[Tuple[str, str]], value: float) -> None:
        """Puts a value into a histogram."""
        ...

else:
    from wit_world.imports.metrics import *
