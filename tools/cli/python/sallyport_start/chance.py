"""``os.urandom``, ``random``, ``secrets`` and ``uuid`` over the capability ``random``."""

import os
import posix
import random

from . import phase

try:
    from wit_world.imports import random as host
except ImportError:
    host = None

_most = 65_536


def bind() -> None:
    os.urandom = posix.urandom = random._urandom = urandom
    random.Random = Random
    # The functions of the module are methods of one generator.
    shared = random._inst = Random()
    for name, function in list(vars(random).items()):
        if getattr(function, "__self__", None).__class__ is Random.__base__:
            setattr(random, name, getattr(shared, name))


def urandom(size: int) -> bytes:
    """Returns unpredictable bytes."""
    phase.require("a random number", "random", host)
    if size < 0:
        raise ValueError("negative argument not allowed")
    return b"".join(host.bytes(min(_most, size - start)) for start in range(0, size, _most))


class Random(random.Random):
    """A generator that seeds itself when the first number is drawn. Seeded at build time it would draw the same numbers
    in every instance."""

    def __new__(cls, *_: object):
        # The seed is not used: __init__ seeds again.
        return super().__new__(cls, 0)

    def seed(self, a=None, version=2) -> None:
        self._unseeded = a is None
        super().seed(0 if a is None else a, version)

    def _draw(self) -> None:
        if self._unseeded:
            self.seed(urandom(32))

    def random(self) -> float:
        self._draw()
        return super().random()

    def getrandbits(self, k: int) -> int:
        self._draw()
        return super().getrandbits(k)

    def getstate(self):
        self._draw()
        return super().getstate()

    def setstate(self, state) -> None:
        self._unseeded = False
        super().setstate(state)
