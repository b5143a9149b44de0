"""Blocks arguments and results of tools that do not match a JSON Schema."""

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
    """The schemas of a tool's arguments and result."""

    arguments: dict[str, Any] | None = None
    result: dict[str, Any] | None = None


@dataclass
class SchemaGuard(Transform):
    """The operator's configuration."""

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
            # The response does not name its tool.
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
    """Returns the structured content, or else the JSON that older servers put into a text block."""
    if result.structured_content is not None:
        return json.loads(result.structured_content)
    return json.loads("".join(block.value for block in result.content if isinstance(block, Content_Text)))


# Keywords newer than draft 7 that draft 7 cannot express. A schema with one would check less than its author thinks.
_unknown = {
    *("unevaluatedProperties", "unevaluatedItems", "minContains", "maxContains"),
    *("$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"),
}
_named = {"properties", "patternProperties", "definitions", "$defs", "dependencies", "dependentSchemas"}
_values = {"enum", "const", "default", "examples", "dependentRequired"}
_older = ("draft-04", "draft-06", "draft-07")
_newer = ("2019-09", "2020-12")


def compiled(schema: dict[str, Any], place: str) -> Callable[[Any], Any]:
    """Returns a function that raises for values that do not match. Raises ValueError, which refuses the configuration."""
    draft = schema.get("$schema", "2020-12")
    if not any(known in draft for known in _older + _newer):
        raise ValueError(f"{place}: $schema is none of draft 4, 6, 7, 2019-09 and 2020-12")
    try:
        if not any(known in draft for known in _older):
            schema = {**in_draft_7(schema), "$schema": "http://json-schema.org/draft-07/schema#"}
        return compile_schema(schema, handlers=dict.fromkeys(("", "http", "https", "file"), refuse), use_default=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}: {error}") from error


def refuse(uri: str) -> None:
    raise ValueError(f"{uri} is not in the schema")


def in_draft_7(schema: Any) -> Any:
    """Translates a newer schema to draft 7, which fastjsonschema supports."""
    if isinstance(schema, list):
        return [in_draft_7(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if unknown := _unknown & schema.keys():
        raise ValueError(f"{min(unknown)} is not supported")
    said = {keyword: translated(keyword, value) for keyword, value in schema.items()}
    more = [{"dependencies": said[keyword]} for keyword in ("dependentRequired", "dependentSchemas") if keyword in said]
    if "prefixItems" in said:
        if "items" in said:
            said["additionalItems"] = said["items"]
        said["items"] = said["prefixItems"]
    if "$ref" in said:
        # In draft 7, keywords next to $ref are ignored.
        more.append({"$ref": said.pop("$ref")})
    return {**said, "allOf": said.get("allOf", []) + more} if more else said


def translated(keyword: str, value: Any) -> Any:
    if keyword in _values:
        return value
    if keyword in _named and isinstance(value, dict):
        return {name: in_draft_7(each) for name, each in value.items()}
    return in_draft_7(value)


Lifecycle, DispatchHooks = transform(SchemaGuard)
