"""To what a piece of a template refers, and the same piece with other names in it.

A name is that of a parameter, a resource, a pseudo parameter or a condition.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
DEPENDS_ON = "DependsOn"


def is_intrinsic(value: Any) -> bool:
    """Tell whether a piece of a template is a call of an intrinsic function."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (name,) = value
    return isinstance(name, str) and (name in {"Ref", "Condition"} or name.startswith("Fn::"))


def substituted(text: str, given: Callable[[str], str]) -> str:
    """Fill in the variables of a Fn::Sub text; `${!name}` stands for a literal `${name}`."""
    return _VARIABLE.sub(lambda found: f"${{{found[2]}}}" if found[1] else given(found[2].strip()), text)


def references(value: Any) -> Iterator[str]:
    """List the names that a piece refers to, each as often as it occurs."""
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, dict):
        if is_intrinsic(value):
            yield from _of_intrinsic(*next(iter(value.items())))
        else:
            for one in value.values():
                yield from references(one)


def _of_intrinsic(name: str, argument: Any) -> Iterator[str]:
    match name, argument:
        case ("Ref" | "Condition", str()):
            yield argument
        case ("Fn::GetAtt", [str() as resource, *rest]):
            yield resource
            yield from references(rest)
        case ("Fn::GetAtt", str()):
            yield argument.partition(".")[0]
        case ("Fn::Sub", str()):
            yield from _variables(argument, {})
        case ("Fn::Sub", [str() as text, dict() as given]):
            yield from _variables(text, given)
            yield from references(list(given.values()))
        case ("Fn::If", [str() as condition, *branches]):
            yield condition
            yield from references(branches)
        case _:
            yield from references(argument)


def _variables(text: str, given: Mapping[str, Any]) -> Iterator[str]:
    for found in _VARIABLE.finditer(text):
        name = found[2].strip()
        if not found[1] and name not in given:
            yield name.partition(".")[0]


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return a piece with other names in its references; everything else stays."""
    if isinstance(value, list):
        return [renamed(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    if is_intrinsic(value):
        name, argument = next(iter(value.items()))
        return {name: _renamed_argument(name, argument, names)}
    return {key: renamed(one, names) for key, one in value.items()}


def _renamed_argument(name: str, argument: Any, names: Mapping[str, str]) -> Any:
    match name, argument:
        case ("Ref" | "Condition", str()):
            return names.get(argument, argument)
        case ("Fn::GetAtt", [str() as resource, *rest]):
            return [names.get(resource, resource), *renamed(rest, names)]
        case ("Fn::GetAtt" | "Fn::Sub", str()) if name == "Fn::GetAtt":
            return _renamed_path(argument, names)
        case ("Fn::Sub", str()):
            return _renamed_text(argument, {}, names)
        case ("Fn::Sub", [str() as text, dict() as given]):
            return [_renamed_text(text, given, names), renamed(given, names)]
        case ("Fn::If", [str() as condition, *branches]):
            return [names.get(condition, condition), *renamed(branches, names)]
        case _:
            return renamed(argument, names)


def _renamed_text(text: str, given: Mapping[str, Any], names: Mapping[str, str]) -> str:
    def variable(found: re.Match[str]) -> str:
        name = found[2].strip()
        return found[0] if found[1] or name in given else f"${{{_renamed_path(name, names)}}}"

    return _VARIABLE.sub(variable, text)


def _renamed_path(path: str, names: Mapping[str, str]) -> str:
    name, dot, attribute = path.partition(".")
    return f"{names.get(name, name)}{dot}{attribute}"
