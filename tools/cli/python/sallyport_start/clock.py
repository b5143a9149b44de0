"""``time`` and ``datetime`` over the capability ``clock``."""

import sys
import time

from . import phase

try:
    from wit_world.imports import clock as host
except ImportError:
    host = None


def bind() -> None:
    # The Python version of datetime uses the module time; the C version uses the system.
    sys.modules["_datetime"] = None
    sys.modules["_zoneinfo"] = None
    vars(time).update(_functions)
    # logging records when it was imported, which may be at build time.
    time.time_ns = lambda: 0
    import logging  # noqa: F401

    vars(time).update(_functions)


def _wall(what: str) -> int:
    phase.require(f"time.{what}", "clock", host)
    return host.now_ms() * 1_000_000


def _monotonic(what: str) -> int:
    phase.require(f"time.{what}", "clock", host)
    return host.monotonic_ns()


def _pair(name: str, ask) -> dict:
    """Returns a function that returns seconds and one that returns nanoseconds."""
    return {name: lambda: ask(name) / 1e9, f"{name}_ns": lambda: ask(f"{name}_ns")}


def _of_id(name: str, clock_id: int) -> int:
    if clock_id == time.CLOCK_REALTIME:
        return _wall(name)
    if clock_id == time.CLOCK_MONOTONIC:
        return _monotonic(name)
    raise OSError(f"a plugin has no clock with the id {clock_id}")


def _refusal(name: str, why: str) -> dict:
    def refuse(*_: object) -> None:
        raise RuntimeError(f"time.{name}: {why}")

    return {name: refuse}


# Functions that default to the current time.
_gmtime, _localtime, _ctime, _asctime, _strftime = time.gmtime, time.localtime, time.ctime, time.asctime, time.strftime


def _moment(name: str, seconds: float | None) -> float:
    return _wall(name) / 1e9 if seconds is None else seconds


_functions = {
    **_pair("time", _wall),
    **_pair("monotonic", _monotonic),
    **_pair("perf_counter", _monotonic),
    "clock_gettime": lambda clock_id: _of_id("clock_gettime", clock_id) / 1e9,
    "clock_gettime_ns": lambda clock_id: _of_id("clock_gettime_ns", clock_id),
    "gmtime": lambda seconds=None: _gmtime(_moment("gmtime", seconds)),
    "localtime": lambda seconds=None: _localtime(_moment("localtime", seconds)),
    "ctime": lambda seconds=None: _ctime(_moment("ctime", seconds)),
    "asctime": lambda given=None: _asctime(_localtime(_moment("asctime", None)) if given is None else given),
    "strftime": lambda form, given=None: _strftime(
        form, _localtime(_moment("strftime", None)) if given is None else given
    ),
    **_refusal("sleep", "a plugin cannot sleep, because the request would wait for it"),
}
for _name in ("clock_getres", "clock_settime", "clock_settime_ns", "get_clock_info"):
    _functions |= _refusal(_name, "a plugin can only read the clock")
for _name in ("process_time", "process_time_ns", "thread_time", "thread_time_ns"):
    _functions |= _refusal(_name, "a plugin cannot read its processor time")
