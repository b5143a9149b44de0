"""Lines in the gateway's log, under the plugin's id. How many and how long is limited."""

from .log import Level, write


def debug(message: str) -> None:
    """Writes a line that operators see when they ask for it."""
    write(Level.DEBUG, message)


def info(message: str) -> None:
    """Writes a line, as ``print`` does."""
    write(Level.INFO, message)


def warn(message: str) -> None:
    """Writes a line that somebody should look at."""
    write(Level.WARN, message)


def error(message: str) -> None:
    """Writes a line of what went wrong."""
    write(Level.ERROR, message)
