"""Sends ``print`` and uncaught exceptions to the plugin's log."""

import io
import re
import sys
import traceback

from wit_world.imports import log

from . import phase


def bind() -> None:
    """Sends lines of stdout and stderr to the log. At build time they are part of the build's error, if there is one."""
    sys.stdin = sys.__stdin__ = io.StringIO()
    sys.stdout = sys.__stdout__ = _text(log.Level.INFO, sys.stdout)
    sys.stderr = sys.__stderr__ = _text(log.Level.WARN, sys.stderr)
    sys.excepthook = log_exception


def flush() -> None:
    """Ends unfinished lines, because the next call belongs to another request."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        if isinstance(getattr(stream, "buffer", None), Lines):
            stream.buffer.end()


def log_exception(kind, value, trace) -> None:
    """Logs an uncaught exception with its traceback."""
    text = "".join(traceback.format_exception(kind, value, trace))
    # Folders have numbers at build time. The frames that called the plugin are left out.
    own = re.sub(r'  File "/\d+/sallyport_(?:start|entry)[^\n]*\n(?:    [^\n]*\n)*', "", text)
    text = re.sub(r'File "([^"\n]*)"', lambda found: f'File "{short(found[1])}"', own).rstrip()
    if phase.called:
        log.write(log.Level.ERROR, text)
    else:
        print(text, file=sys.stderr)


def short(file: str) -> str:
    """Returns the name of a file without the folder that it had at build time."""
    return re.sub(r"^/(?:\d+|python|world|bundled)/", "", file)


class Lines(io.RawIOBase):
    """A stream that writes each line to the log."""

    def __init__(self, level: log.Level, built_with: io.TextIOBase) -> None:
        self._level = level
        self._built_with = built_with
        self._rest = b""

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        if not phase.called:
            self._built_with.write(bytes(data).decode(errors="replace"))
            self._built_with.flush()
            return len(data)
        *lines, self._rest = (self._rest + bytes(data)).split(b"\n")
        for line in lines:
            log.write(self._level, line.decode(errors="replace"))
        return len(data)

    def end(self) -> None:
        if self._rest:
            self.write(b"\n")


def _text(level: log.Level, built_with: io.TextIOBase) -> io.TextIOWrapper:
    return io.TextIOWrapper(Lines(level, built_with), encoding="utf-8", errors="backslashreplace", line_buffering=True)
