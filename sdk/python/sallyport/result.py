"""The failure case of a function of the contract."""

from typing import TYPE_CHECKING, Generic, TypeVar

E = TypeVar("E")

if TYPE_CHECKING:

    class Err(Exception, Generic[E]):
        """Raised by functions of the gateway that fail; ``value`` says why. Raised by a hook, with a text, it is a failure
        that the plugin declares: what follows is the operator's ``on_error``, and the instance stays as it is."""

        value: E

        def __init__(self, value: E) -> None: ...

else:
    from componentize_py_types import Err

__all__ = ["Err"]
