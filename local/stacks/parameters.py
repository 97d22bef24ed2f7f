"""The parameters of a template: what they are given, checked as CloudFormation checks it."""

import re
from collections.abc import Mapping
from typing import Any

from local.stacks.errors import TemplateError

Value = str | list[str]
_LISTS = ("CommaDelimitedList", "List<")
_KNOWN = {
    "Type",
    "Default",
    "Description",
    "NoEcho",
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
}


def values(declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str]) -> dict[str, Value]:
    """Return every parameter's value. Raises TemplateError for one that is missing, unknown or refused."""
    if unknown := sorted(set(given) - set(declared)):
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = sorted(
        name for name, parameter in declared.items() if name not in given and "Default" not in parameter
    )
    if missing:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    return {
        name: _value(name, parameter, given.get(name, str(parameter.get("Default", ""))))
        for name, parameter in declared.items()
    }


def _value(name: str, parameter: Mapping[str, Any], text: str) -> Value:
    kind = parameter.get("Type")
    if not isinstance(kind, str) or kind.startswith("AWS::SSM::"):
        raise TemplateError(f"Template format error: parameter {name}: type {kind} is not emulated locally")
    if unknown := sorted(set(parameter) - _KNOWN):
        raise TemplateError(f"Invalid template parameter property '{unknown[0]}' of parameter {name}")
    if kind.startswith(_LISTS):
        parts = [part.strip() for part in text.split(",")] if text else []
        for part in parts:
            _check(name, parameter, part)
        return parts
    if kind == "Number":
        _check_number(name, parameter, text)
    _check(name, parameter, text)
    return text


def _check(name: str, parameter: Mapping[str, Any], text: str) -> None:
    why = parameter.get("ConstraintDescription")
    pattern = parameter.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, text):
        raise TemplateError(
            f"Parameter {name} failed to satisfy constraint: {why or f'must match {pattern}'}"
        )
    allowed = parameter.get("AllowedValues")
    if allowed is not None and text not in [str(one) for one in allowed]:
        listed = ", ".join(str(one) for one in allowed)
        raise TemplateError(
            f"Parameter {name} failed to satisfy constraint: {why or f'must be one of [{listed}]'}"
        )
    if not int(parameter.get("MinLength", 0)) <= len(text) <= int(parameter.get("MaxLength", 4096)):
        raise TemplateError(
            f"Parameter {name} failed to satisfy constraint: {why or 'its length is not allowed'}"
        )


def _check_number(name: str, parameter: Mapping[str, Any], text: str) -> None:
    try:
        number = float(text)
    except ValueError:
        raise TemplateError(f"Parameter {name} must be a number, not {text!r}") from None
    least, most = parameter.get("MinValue"), parameter.get("MaxValue")
    if (least is not None and number < float(least)) or (most is not None and number > float(most)):
        raise TemplateError(f"Parameter {name} failed to satisfy constraint: {text} is out of its range")
