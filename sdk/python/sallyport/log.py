# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Writes lines to the gateway's log, under the plugin's id. Always granted; rate and length are limited."""

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:

    class Level(Enum):
        DEBUG = 0
        INFO = 1
        WARN = 2
        ERROR = 3

    def write(level: Level, message: str) -> None:
        ...

else:
    from wit_world.imports.log import *
