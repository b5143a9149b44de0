"""Turns an uncaught exception into a failed call with a message; the instance is kept."""

import re
import traceback

from componentize_py_types import Err

from . import stream


def failure(error: BaseException) -> Err:
    """Returns the last line of the traceback with the place in the plugin's own module; the full traceback is logged."""
    stream.log_exception(type(error), error, error.__traceback__)
    return Err(f"{_words(error)}{_place(error)}")


def _words(error: BaseException) -> str:
    if isinstance(error, Err):
        return f"Err: {_reason(error.value)}"
    return "".join(traceback.format_exception_only(error)).strip()


def _reason(value: object) -> str:
    """Formats a variant of the contract, for example ``denied: why``."""
    case = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(value).__name__.rpartition("_")[2]).lower()
    said = getattr(value, "value", None)
    return case if said is None else f"{case}: {said}"


def _place(error: BaseException) -> str:
    """Returns the innermost line in a module that belongs neither to us nor to the bindings."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = stream.short(frame.filename)
        if not re.match(r"(/\d+/)?(sallyport|sallyport_start|wit_world)/|.*sallyport_entry", file):
            return f" ({file}:{frame.lineno})"
    return ""
