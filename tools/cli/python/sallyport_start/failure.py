"""What becomes of an exception that nobody caught: a failure in words, and the instance stays as it is."""

import re
import traceback

from componentize_py_types import Err

from . import stream


def failure(error: BaseException) -> Err:
    """The last line of the traceback, with the place in the plugin's own module; the whole traceback is in the log."""
    stream.tell(type(error), error, error.__traceback__)
    return Err(f"{_words(error)}{_place(error)}")


def _words(error: BaseException) -> str:
    if isinstance(error, Err):
        return f"Err: {_reason(error.value)}"
    return "".join(traceback.format_exception_only(error)).strip()


def _reason(value: object) -> str:
    """A variant of the contract, as ``denied: why``."""
    case = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(value).__name__.rpartition("_")[2]).lower()
    said = getattr(value, "value", None)
    return case if said is None else f"{case}: {said}"


def _place(error: BaseException) -> str:
    """Its innermost line in a module that is neither of ours nor of the bindings."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = stream.short(frame.filename)
        if not re.match(r"(/\d+/)?(sallyport|sallyport_start|wit_world)/|.*sallyport_entry", file):
            return f" ({file}:{frame.lineno})"
    return ""
