"""What the gateway calls."""

import gc

from componentize_py_types import Err
from wit_world import exports

from . import outside, phase, stream
from .failure import failure


def exports_of(plugin) -> dict[str, type]:
    """The classes of a plugin's module that its world exports, by name, each around what the plugin has of this name."""
    classes = {
        name: _around(getattr(plugin, name, None), protocol, plugin.__name__)
        for name, protocol in vars(exports).items()
        if getattr(protocol, "__abstractmethods__", None)
    }
    # Nothing of it is to be looked at again when garbage is collected.
    gc.collect()
    gc.freeze()
    return classes


def _around(given, protocol, module: str) -> type:
    if given is None:
        raise ImportError(
            f"{module}.py has no {protocol.__name__}: end it with Lifecycle, DispatchHooks = transform(YourPlugin)"
        )
    instance = given()
    methods = {name: _method(getattr(instance, name)) for name in protocol.__abstractmethods__}
    return type(protocol.__name__, (), methods)


def _method(call):
    def called(_, *args):
        if not phase.called:
            _begin_calls()
        try:
            return call(*args)
        except Err as error:
            # With a text it is what the plugin declares; with all else it is the host's, and nobody caught it.
            if isinstance(error.value, str):
                raise
            raise failure(error) from None
        except SystemExit as error:
            # Python would end the process; a plugin's call ends.
            raise failure(RuntimeError("sys.exit is called in a plugin").with_traceback(error.__traceback__)) from None
        except MemoryError:
            raise
        except Exception as error:
            raise failure(error) from None
        finally:
            stream.flush()

    return called


def _begin_calls() -> None:
    phase.called = True
    outside.withhold()
