# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `tool_call`: calls another tool of the binding, in the name of whoever called. The call takes the way of a
client's call: the same plugins, this one among them, the same upstreams.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from .types import ToolResult, Violation

if TYPE_CHECKING:

    @dataclass
    class CallError_Denied:
        """The grant does not allow it. The text says what was missing."""
        value: str

    @dataclass
    class CallError_NotFound:
        """No upstream of the binding has a name that begins so. A tool that its upstream does not know is for the upstream
        to tell, with `failed` or a result with `is-error`.
        """
        value: str

    @dataclass
    class CallError_Invalid:
        """The name is too long, or the arguments are not a JSON object."""
        value: str

    @dataclass
    class CallError_Blocked:
        """A plugin on the way blocked it."""
        value: Violation

    @dataclass
    class CallError_Loop:
        """This plugin is calling this very tool already, and the call leads back to it."""
        value: str

    @dataclass
    class CallError_TooDeep:
        """More calls within each other than the grant allows."""
        value: str

    @dataclass
    class CallError_Limit:
        """More calls for one request, longer arguments or a longer result than the grant allows."""
        value: str

    @dataclass
    class CallError_Timeout:
        pass

    @dataclass
    class CallError_Unavailable:
        """The upstream cannot be reached, or the gateway is too busy; in `configure` there is no request to call for."""
        value: str

    @dataclass
    class CallError_Failed:
        """The upstream answered with an error, or with what cannot be shown."""
        value: str

    CallError = Union[CallError_Denied, CallError_NotFound, CallError_Invalid, CallError_Blocked, CallError_Loop, CallError_TooDeep, CallError_Limit, CallError_Timeout, CallError_Unavailable, CallError_Failed]

    def call(name: str, arguments_json: str) -> ToolResult:
        """`name` is the tool as clients of the binding know it, `arguments-json` a JSON object as text. The result is shown as
        after hooks are shown one; an `opaque` block in it is a block that this plugin is not shown.

        Raises `sallyport.Err` of CallError.
        """
        ...

else:
    from wit_world.imports.tool_call import *
