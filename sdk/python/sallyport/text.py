"""Replaces text in requests and responses."""

import json
import re
from collections.abc import Callable
from typing import TypeVar

from .types import (
    Content,
    Content_Json,
    Content_Text,
    Request,
    Request_PromptGet,
    Request_ToolCall,
    Response,
    Response_PromptResult,
    Response_ResourceResult,
    Response_ToolResult,
)

Value = TypeVar("Value", Request, Response)


def replace_text(value: Value, replace: Callable[[str], str]) -> Value | None:
    """Calls ``replace`` with each text of a request or response and uses what it returns. Returns the value if any text
    changed, else None, which is what a hook must return. To only read, return the text unchanged.

    Text means each text block, each string in arguments, structured content and other JSON blocks, at any depth, and the
    description of a prompt. Member names, URIs, bytes, hidden blocks and the spelling of numbers do not change. Lists and
    requests for more input pass unchanged.
    """
    changed = False

    def put(text: str) -> str:
        nonlocal changed
        replaced = replace(text)
        changed = changed or replaced != text
        return replaced

    match value:
        case Request_ToolCall(of) | Request_PromptGet(of):
            of.arguments = replace_in_json(of.arguments, put)
        case Response_ToolResult(of):
            for block in of.content:
                _replace_in(block, put)
            if of.structured_content is not None:
                of.structured_content = replace_in_json(of.structured_content, put)
        case Response_PromptResult(of):
            if of.description is not None:
                of.description = put(of.description)
            for message in of.messages:
                _replace_in(message.content, put)
        case Response_ResourceResult(of):
            for entry in of.contents:
                _replace_in(entry.content, put)
    return value if changed else None


def _replace_in(block: Content, put: Callable[[str], str]) -> None:
    match block:
        case Content_Text(text):
            block.value = put(text)
        case Content_Json(text):
            block.value = replace_in_json(text, put)


# A string, with the colon that makes it a member name. The possessive quantifiers prevent backtracking.
_string = re.compile(r'"((?:[^"\\]++|\\.)*+)"(\s*+:)?')


def replace_in_json(text: str, replace: Callable[[str], str]) -> str:
    """Replaces all strings in JSON text except member names, which schemas may need. Everything else stays byte for byte:
    numbers of any precision, white space, the order of members.
    """

    def change(found: re.Match[str]) -> str:
        if found[2] is not None:
            return found[0]
        string = json.loads(found[0]) if "\\" in found[1] else found[1]
        replaced = replace(string)
        return found[0] if replaced == string else _written(replaced)

    return _string.sub(change, text)


def _written(string: str) -> str:
    text = json.dumps(string, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair cannot be encoded in UTF-8.
        return json.dumps(string)
    return text
