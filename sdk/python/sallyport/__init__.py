"""What a plugin of the kind ``transform`` is written with in Python.

A plugin is a dataclass with the hooks that it needs. Its fields are the operator's config; those that the operator does
not state keep their defaults::

    from dataclasses import dataclass

    from sallyport import Block, CallContext, Request, Transform, replace_text, transform


    @dataclass
    class NoWord(Transform):
        word: str = "secret"

        def before(self, request: Request, context: CallContext) -> Request | None:
            def refuse(text: str) -> str:
                if self.word in text:
                    raise Block("WORD_FOUND", "The word is not allowed.")
                return text

            return replace_text(request, refuse)


    Lifecycle, DispatchHooks = transform(NoWord)

`replace_text` shows all text, wherever it stands, and replaces it. `Block` says why a request is blocked. What is printed
is in the gateway's log, line by line, and `debug`, `info`, `warn` and `error` write lines of other levels.

Each interface of the contract is a module of this package: ``from sallyport import kv_store``. All but ``log`` and
``context`` must be named in plugin.json. A function of theirs that fails raises `Err`, whose ``value`` says why.

An exception that nobody catches ends the call and the instance, and its traceback is in the log; what follows is the
operator's ``on_error``. So it is with ``raise Err("why")``, which keeps the instance.
"""

from .config import read_config
from .lines import debug, error, info, warn
from .result import Err
from .text import replace_in_json, replace_text
from .transform import Block, Transform, transform
from .types import CallContext, Request, Response

__all__ = [
    "Block",
    "CallContext",
    "Err",
    "Request",
    "Response",
    "Transform",
    "debug",
    "error",
    "info",
    "read_config",
    "replace_in_json",
    "replace_text",
    "transform",
    "warn",
]
