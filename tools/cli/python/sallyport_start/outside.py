"""Withholds what no plugin has: files, processes, sockets, and modules that were not imported at build time."""

import _io
import builtins
import codecs
import errno
import io
import os
import posix
import sys
import tokenize
from types import BuiltinFunctionType

# Functions that do not use the system.
_pure = {
    *("fspath", "strerror", "getcwd", "getcwdb", "getpid", "urandom", "putenv", "unsetenv", "major", "minor", "makedev"),
    *("_path_normpath", "_path_splitroot", "_path_splitroot_ex", "htonl", "htons", "ntohl", "ntohs"),
    *("inet_aton", "inet_ntoa", "inet_pton", "inet_ntop", "CMSG_LEN", "CMSG_SPACE"),
}


# Python imports the module of an encoding at its first use.
_encodings = (
    *("ascii", "latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"),
    *("unicode-escape", "raw-unicode-escape"),
)


def bind() -> None:
    """Imports modules that Python loads implicitly, while there are still files."""
    for name in _encodings:
        codecs.lookup(name)


def withhold() -> None:
    """Makes them raise OSError and ImportError from now on. The system's own answer would end the instance."""
    _withhold_functions(posix, os)
    for name in ("open", "open_code"):
        _replace((builtins, io, _io, tokenize), name, _refusal(name))
    _replace((io, _io), "FileIO", _NoFile)
    tokenize._builtin_open = _refusal("open")
    if (socket := sys.modules.get("socket")) is not None:
        _withhold_functions(sys.modules["_socket"], socket)
        socket.socket.__init__ = _refusal("socket")
    sys.path.clear()
    sys.meta_path.append(_Missing)


def _withhold_functions(module, public) -> None:
    """Replaces the functions of a C module, and of the Python module that exposes them."""
    for name, function in list(vars(module).items()):
        if isinstance(function, BuiltinFunctionType) and name not in _pure:
            _replace((module, public), name, _refusal(name))


def _replace(modules, name: str, by) -> None:
    for module in modules:
        if name in vars(module):
            setattr(module, name, by)


def _refusal(name: str):
    def refuse(*_: object, **__: object):
        raise PermissionError(errno.EACCES, f"{name}: a plugin has no files, no processes and no sockets")

    return refuse


class _NoFile(_io.FileIO):
    __init__ = _refusal("open")


class _Missing:
    @staticmethod
    def find_spec(name: str, path=None, target=None):
        """Called for modules that no other finder finds."""
        raise ModuleNotFoundError(
            f"{name} is not in the component: import it at the top level of a module, so that the build includes it", name=name
        )
