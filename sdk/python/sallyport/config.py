"""Reads the operator's configuration into the author's dataclass."""

import dataclasses
import json
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from .result import Err

T = TypeVar("T")


def configured(plugin: type[T]) -> tuple[type, Callable[[], T]]:
    """Returns the class ``Lifecycle`` that configures a plugin, and a function that returns the configured plugin."""
    if not dataclasses.is_dataclass(plugin):
        raise TypeError(f"write @dataclass before class {plugin.__name__}")
    instance: T

    class Lifecycle:
        def configure(self, config_json: str) -> None:
            nonlocal instance
            try:
                instance = read_config(plugin, config_json)
            except ValueError as error:
                raise Err(str(error)) from error

    return Lifecycle, lambda: instance


def read_config(kind: type[T], text: str) -> T:
    """Reads a JSON object into a dataclass. Its fields may have the types ``str``, ``int``, ``float``, ``bool``, ``None``,
    ``Any``, ``Literal``, ``list``, ``dict`` with ``str`` keys, dataclasses, and unions of these. Unknown members are
    refused.

    Raises ValueError, which names the member.
    """
    return _read(kind, json.loads(text), "")


def _read(kind: Any, value: Any, name: str) -> Any:
    origin, of = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _read_object(kind, value, name)
    if origin in (Union, UnionType):
        return _read_union(of, value, name)
    if origin is Literal:
        return _require(value in of, value, name, f"one of {', '.join(map(json.dumps, of))}")
    if origin is list or kind is list:
        _require(isinstance(value, list), value, name, "a list")
        return [_read(of[0], each, f"{name}[{index}]") for index, each in enumerate(value)] if of else value
    if origin is dict or kind is dict:
        _require(isinstance(value, dict), value, name, "an object")
        return {key: _read(of[1], each, f"{name}.{key}") for key, each in value.items()} if of else value
    if kind is float and type(value) is int:
        return float(value)
    if kind not in _names:
        raise TypeError(f"{name}: JSON has no {kind}")
    return _require(type(value) is kind, value, name, _names[kind])


_names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false", None: "null", NoneType: "null"}


def _require(fits: bool, value: Any, name: str, what: str) -> Any:
    if not fits:
        raise ValueError(f"{name or 'the configuration'} must be {what}")
    return value


def _read_object(kind: Any, value: Any, name: str) -> Any:
    _require(isinstance(value, dict), value, name, "an object")
    types = get_type_hints(kind)
    fields = {field.name: types[field.name] for field in dataclasses.fields(kind) if field.init}
    within = f"{name}." if name else ""
    for key in value:
        if key not in fields:
            raise ValueError(f"{within}{key} is unknown; known fields: {', '.join(fields)}")
    for field in dataclasses.fields(kind):
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if field.name not in value and field.init and not has_default:
            raise ValueError(f"{within}{field.name} is missing")
    return kind(**{key: _read(fields[key], each, f"{within}{key}") for key, each in value.items()})


def _read_union(kinds: tuple[Any, ...], value: Any, name: str) -> Any:
    reasons = []
    for kind in kinds:
        try:
            return _read(kind, value, name)
        except ValueError as error:
            reasons.append(str(error))
    raise ValueError(", or ".join(reasons))
