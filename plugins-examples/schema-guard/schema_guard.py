"""Blocks arguments and results of tools that do not fit a JSON Schema."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from fastjsonschema import JsonSchemaValueException
from fastjsonschema import compile as compile_schema

from sallyport import Block, CallContext, Request, Response, Transform, context as state, transform
from sallyport.types import Content_Text, Request_ToolCall, Response_ToolResult, ToolResult


@dataclass
class Schemas:
    """What one tool is sent, and what it answers."""

    arguments: dict[str, Any] | None = None
    result: dict[str, Any] | None = None


@dataclass
class SchemaGuard(Transform):
    """The operator's config."""

    tools: dict[str, Schemas]
    _checks: dict[tuple[str, str], Callable[[Any], Any]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for pattern, schemas in self.tools.items():
            for side, schema in vars(schemas).items():
                if schema is not None:
                    self._checks[pattern, side] = compiled(schema, f"tools.{pattern}.{side}")

    def before(self, request: Request, context: CallContext) -> None:
        if isinstance(request, Request_ToolCall):
            name = request.value.name
            # The answer does not say which tool it is of.
            state.set("tool", name)
            self._check(name, "arguments", lambda: json.loads(request.value.arguments))

    def after(self, response: Response, context: CallContext) -> None:
        if isinstance(response, Response_ToolResult) and not response.value.is_error:
            self._check(state.get("tool") or "", "result", lambda: value_of(response.value))

    def _check(self, tool: str, side: str, read: Callable[[], Any]) -> None:
        for (pattern, of), check in self._checks.items():
            if of != side or not fnmatchcase(tool, pattern):
                continue
            try:
                check(read())
            except JsonSchemaValueException as error:
                path = (error.name or "data").replace("data", "$", 1)
                reason = f"{path} in the {side} of {tool} does not fit the schema."
                raise block(tool, side, reason, error.message.replace("data", "$", 1), path, error.rule) from None
            except json.JSONDecodeError:
                reason = f"The {side} of {tool} must be JSON."
                raise block(tool, side, reason, "A schema is stated for it.", "$", None) from None


def block(tool: str, side: str, reason: str, description: str, path: str, rule: str | None) -> Block:
    code = "ARGUMENTS_INVALID" if side == "arguments" else "RESULT_INVALID"
    return Block(code, reason, description, {"tool": tool, "path": path, "rule": rule})


def value_of(result: ToolResult) -> Any:
    """Structured content, or else the JSON that older servers put into a block of text."""
    if result.structured_content is not None:
        return json.loads(result.structured_content)
    return json.loads("".join(block.value for block in result.content if isinstance(block, Content_Text)))


# Keywords that came after draft 7. A schema with one would check less than its author thinks.
_later = {
    *("prefixItems", "dependentRequired", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems"),
    *("minContains", "maxContains", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"),
}
_named = {"properties", "patternProperties", "definitions", "$defs", "dependencies"}
_values = {"enum", "const", "default", "examples"}
_drafts = ("draft-04", "draft-06", "draft-07")


def compiled(schema: dict[str, Any], place: str) -> Callable[[Any], Any]:
    """A function that raises for what does not fit. Raises ValueError, which refuses the config."""
    draft = schema.get("$schema", "draft-07")
    if not any(known in draft for known in _drafts):
        raise ValueError(f"{place}: $schema must be of draft 4, 6 or 7")
    if (keyword := later_keyword(schema)) is not None:
        raise ValueError(f"{place}: {keyword} is not of draft 7")
    try:
        return compile_schema(schema, handlers=dict.fromkeys(("", "http", "https", "file"), refuse), use_default=False)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def refuse(uri: str) -> None:
    raise ValueError(f"{uri} is not in the schema")


def later_keyword(schema: Any) -> str | None:
    """The first keyword in a schema, or in one within it, that is ignored."""
    if isinstance(schema, list):
        return next(filter(None, map(later_keyword, schema)), None)
    if not isinstance(schema, dict):
        return None
    for keyword, value in schema.items():
        if keyword in _later:
            return keyword
        within = list(value.values()) if keyword in _named and isinstance(value, dict) else value
        if keyword not in _values and (found := later_keyword(within)) is not None:
            return found
    return None


Lifecycle, DispatchHooks = transform(SchemaGuard)
