"""Writes lines to the gateway's log, under the plugin's id. Their number and length are limited."""

from .log import Level, write


def debug(message: str) -> None:
    """Writes a line that operators see only at level ``debug``."""
    write(Level.DEBUG, message)


def info(message: str) -> None:
    """Writes a line, like ``print``."""
    write(Level.INFO, message)


def warn(message: str) -> None:
    """Writes a line about something that needs attention."""
    write(Level.WARN, message)


def error(message: str) -> None:
    """Writes a line about a failure."""
    write(Level.ERROR, message)
