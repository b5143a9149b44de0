"""The exports that the gateway calls."""

import gc

from componentize_py_types import Err
from wit_world import exports

from . import outside, phase, stream
from .failure import failure


def exports_of(plugin) -> dict[str, type]:
    """Returns the classes that the plugin's world exports, by name, each wrapping the plugin's own class."""
    classes = {
        name: _around(getattr(plugin, name, None), protocol, plugin.__name__)
        for name, protocol in vars(exports).items()
        if getattr(protocol, "__abstractmethods__", None)
    }
    # The garbage collector need not look at these objects again.
    gc.collect()
    gc.freeze()
    return classes


def _around(given, protocol, module: str) -> type:
    if given is None:
        raise ImportError(
            f"{module}.py has no {protocol.__name__}: end it with Lifecycle, DispatchHooks = transform(YourPlugin), "
            "or, for a policy, with Lifecycle, PolicyCheck = policy(YourPolicy), or, for an identity plugin, with "
            "Lifecycle, IdentityCheck = identity(YourPlugin), or, for a federation plugin, with "
            "Lifecycle, FederationCheck = federation(YourPlugin)"
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
            # An Err with text is the plugin's own error; any other is an uncaught error of the host.
            if isinstance(error.value, str):
                raise
            raise failure(error) from None
        except SystemExit as error:
            # In Python this ends the process; here it ends the call.
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
