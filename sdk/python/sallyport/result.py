"""The failure case of a function of the contract."""

from typing import TYPE_CHECKING, Generic, TypeVar

E = TypeVar("E")

if TYPE_CHECKING:

    class Err(Exception, Generic[E]):
        """Raised by functions of the gateway when they fail; ``value`` says why. A hook can raise it with a text to fail
        itself: the operator's ``on_error`` decides what follows, and the instance is kept."""

        value: E

        def __init__(self, value: E) -> None: ...

else:
    from componentize_py_types import Err

__all__ = ["Err"]
