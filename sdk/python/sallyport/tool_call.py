# Generated from wit/ by tools/scripts/generate-python-sdk.ts.
"""Capability `tool_call`: calls another tool of the binding on behalf of the caller. The call is handled like a client's
call, by the same upstreams and the same plugins, this one included.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from .types import ToolResult, Violation

if TYPE_CHECKING:

    @dataclass
    class CallError_Denied:
        """The grant does not allow it. The text says what is missing."""
        value: str

    @dataclass
    class CallError_NotFound:
        """No upstream of the binding matches the name. If the upstream does not know the tool, it reports that itself, with
        `failed` or a result with `is-error`.
        """
        value: str

    @dataclass
    class CallError_Invalid:
        """The name is too long, or the arguments are not a JSON object."""
        value: str

    @dataclass
    class CallError_Blocked:
        """A plugin blocked the call."""
        value: Violation

    @dataclass
    class CallError_Loop:
        """This plugin is already calling this tool, and the call led back to it."""
        value: str

    @dataclass
    class CallError_TooDeep:
        """More nested calls than the grant allows."""
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
        """The upstream answered with an error, or with a result that cannot be represented."""
        value: str

    CallError = Union[CallError_Denied, CallError_NotFound, CallError_Invalid, CallError_Blocked, CallError_Loop, CallError_TooDeep, CallError_Limit, CallError_Timeout, CallError_Unavailable, CallError_Failed]

    def call(name: str, arguments_json: str) -> ToolResult:
        """`name` is the tool's name as clients of the binding know it; `arguments-json` is a JSON object, as text. The result has
        the form that after hooks get; an `opaque` block in it is a block hidden from this plugin.

        Raises `sallyport.Err` of CallError.
        """
        ...

else:
    from wit_world.imports.tool_call import *
