"""What a piece of a template comes to: intrinsic functions, with the values that a deployment gives them."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from local.stacks.errors import TemplateError
from local.stacks.parameters import Value
from local.stacks.references import is_intrinsic, substituted

NO_VALUE = object()
"""What AWS::NoValue comes to: the property, or the element, is left out."""


@dataclass
class Scope:
    """Everything that an expression can refer to. `known` gives a resource's physical id, or an attribute."""

    parameters: Mapping[str, Value]
    pseudo: Mapping[str, Any]
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    known: Callable[[str, str | None], Any] = lambda name, _: _unknown(name)

    def __post_init__(self) -> None:
        self._decided: dict[str, bool] = {}

    def holds(self, condition: str) -> bool:
        """Tell whether a condition holds. Raises TemplateError for one that is not declared."""
        if condition not in self._decided:
            if condition not in self.conditions:
                raise TemplateError(f"Template error: condition {condition} is not defined in the template")
            self._decided[condition] = _boolean(self.resolve(self.conditions[condition]))
        return self._decided[condition]

    def resolve(self, value: Any) -> Any:
        """Work out a piece; properties and elements without a value are left out."""
        if isinstance(value, dict):
            if is_intrinsic(value):
                name, argument = next(iter(value.items()))
                return self._call(name, argument)
            found = {key: self.resolve(one) for key, one in value.items()}
            return {key: one for key, one in found.items() if one is not NO_VALUE}
        if isinstance(value, list):
            return [one for one in map(self.resolve, value) if one is not NO_VALUE]
        if isinstance(value, str) and "{{resolve:" in value:
            raise TemplateError(f"dynamic references are not emulated locally: {value}")
        return value

    def _call(self, name: str, argument: Any) -> Any:
        if name not in self._functions:
            raise TemplateError(f"Template error: {name} is not emulated locally")
        try:
            return self._functions[name](argument)
        except (TypeError, ValueError, IndexError, KeyError) as error:
            if isinstance(error, TemplateError):
                raise
            raise TemplateError(
                f"Template error: {name} cannot be used like this: {argument} ({error})"
            ) from error

    @cached_property
    def _functions(self) -> Mapping[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Condition": self.holds,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Split": self._split,
            "Fn::Select": self._select,
            "Fn::If": self._if,
            "Fn::Equals": self._equals,
            "Fn::Not": lambda given: not all(self._truths(given)),
            "Fn::And": lambda given: all(self._truths(given)),
            "Fn::Or": lambda given: any(self._truths(given)),
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": lambda given: base64.b64encode(str(self.resolve(given)).encode()).decode(),
            "Fn::ToJsonString": lambda given: json.dumps(self.resolve(given), separators=(",", ":")),
            "Fn::GetAZs": self._zones,
        }

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        return self.parameters[name] if name in self.parameters else self.known(name, None)

    def _get_att(self, argument: Any) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        name, attribute = parts
        return self.known(name, self.resolve(attribute))

    def _sub(self, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        own = self.resolve(given)

        def variable(path: str) -> str:
            if path in own:
                return _text(own[path])
            return _text(self._get_att(path) if "." in path else self._ref(path))

        return substituted(text, variable)

    def _join(self, argument: Any) -> str:
        delimiter, parts = argument
        found = self.resolve(parts)
        if not isinstance(found, list):
            raise TypeError("the second argument must be a list")
        return str(delimiter).join(_text(part) for part in found)

    def _split(self, argument: Any) -> list[str]:
        delimiter, text = self.resolve(argument)
        return str(text).split(delimiter)

    def _select(self, argument: Any) -> Any:
        index, found = self.resolve(argument)
        return found[int(index)]

    def _if(self, argument: Any) -> Any:
        condition, then, otherwise = argument
        return self.resolve(then if self.holds(condition) else otherwise)

    def _equals(self, argument: Any) -> bool:
        left, right = self.resolve(argument)
        return bool(_comparable(left) == _comparable(right))

    def _find_in_map(self, argument: Any) -> Any:
        name, first, second = self.resolve(argument)
        try:
            return self.mappings[name][first][second]
        except KeyError:
            raise TemplateError(
                f"Template error: Unable to get mapping for {name}::{first}::{second}"
            ) from None

    def _zones(self, argument: Any) -> list[str]:
        region = self.resolve(argument) or self.pseudo["AWS::Region"]
        return [f"{region}{letter}" for letter in "abc"]

    def _truths(self, argument: Any) -> list[bool]:
        return [_boolean(self.resolve(one)) for one in argument]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"{value!r} is no text")


def _comparable(value: Any) -> Any:
    return _text(value) if isinstance(value, str | int | float) else value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise TypeError(f"a condition must be true or false, not {value!r}")


def _unknown(name: str) -> Any:
    raise TemplateError(f"Template format error: Unresolved resource dependencies [{name}]")
