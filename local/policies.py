"""Resource policies of buses and queues: whether a statement lets someone in, with its conditions.

moto stores these policies and never asks them (moto 5.2.5), so a forgotten permission would only be found in
the cloud.
"""

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class PolicyError(Exception):
    """A policy uses something that the embedded cloud cannot evaluate; it is not guessed at."""


@dataclass(frozen=True)
class Request:
    """Who wants to do what to which resource. `principal` is an account number or a service's name."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def allows(policy: Mapping[str, Any] | None, request: Request) -> bool:
    """Tell whether a resource policy lets a request in; an explicit deny wins, and nothing is allowed by
    default.
    """
    applying = [one for one in _many((policy or {}).get("Statement", [])) if _applies(one, request)]
    effects = {one["Effect"] for one in applying}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    unknown = {"NotPrincipal", "NotAction", "NotResource"} & set(statement)
    if unknown:
        raise PolicyError(
            f"{', '.join(sorted(unknown))} in a policy is not evaluated here: write it positively"
        )
    return (
        _names(statement.get("Principal"), request.principal)
        and any(_like(request.action.lower(), one.lower()) for one in _many(statement["Action"]))
        and any(_like(request.resource, one) for one in _many(statement.get("Resource", "*")))
        and _fulfilled(statement.get("Condition", {}), request.context)
    )


def _names(principal: Any, who: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    accounts = {"*", who, f"arn:aws:iam::{who}:root"}
    return bool(accounts & set(_many(principal.get("AWS", [])))) or who in _many(principal.get("Service", []))


def _fulfilled(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    return all(
        _one_fulfilled(operator, key, _many(wanted), context)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _one_fulfilled(operator: str, key: str, wanted: Sequence[str], context: Mapping[str, str]) -> bool:
    set_operator, _, name = operator.rpartition(":")
    if name not in _OPERATORS or set_operator not in {"", "ForAnyValue", "ForAllValues"}:
        raise PolicyError(
            f"condition operator {operator} is not evaluated here (known: {', '.join(_OPERATORS)})"
        )
    given = {name.lower(): value for name, value in context.items()}.get(key.lower())
    if given is None:
        return set_operator == "ForAllValues"  # IAM: true for a key that the request does not have
    return any(_OPERATORS[name](given, one) for one in wanted)


def _equal(given: str, wanted: str) -> bool:
    return given == wanted


def _like(given: str, wanted: str) -> bool:
    return fnmatch.fnmatchcase(given, wanted.replace("[", "[[]"))


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringLike": _like,
    "ArnEquals": _like,  # IAM: ArnEquals and ArnLike behave identically
    "ArnLike": _like,
}


def _many(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
