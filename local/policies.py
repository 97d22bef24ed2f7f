"""IAM's policy language: which statements of a document apply to a request, with their conditions.

moto stores the policies of queues, topics, buses, buckets and keys and never asks them, and its evaluation of
roles ignores conditions (moto 5.2.5): a forgotten permission would only be found in the cloud.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Context = Mapping[str, str | Sequence[str]]
Matches = Callable[[str], bool]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}  # ${*} is a star that is meant as one


class PolicyError(Exception):
    """A policy uses something that the embedded cloud cannot evaluate; it is not guessed at."""


@dataclass(frozen=True)
class Request:
    """Who wants to do what to which resource. `principal` is an account number, a role's ARN or a service's
    name; a context key may have several values.
    """

    principal: str
    action: str
    resource: str
    context: Context = field(default_factory=dict)

    @functools.cached_property
    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """The context by lower-case key: IAM does not tell cases apart there."""
        return {
            name.lower(): (value,) if isinstance(value, str) else tuple(value)
            for name, value in self.context.items()
        }


@dataclass(frozen=True)
class Statement:
    """One statement, compiled; `principal` is None where a policy belongs to whoever asks."""

    sid: str
    effect: str
    action: Matches
    resource: Callable[[str, Request], bool]
    conditions: tuple[Callable[[Request], bool], ...]
    principal: Any = None

    def applies(self, request: Request) -> bool:
        """Tell whether it says anything about a request."""
        return (
            self.action(request.action.lower())
            and self.resource(request.resource, request)
            and (self.principal is None or _names(self.principal, request.principal))
            and all(fulfilled(request) for fulfilled in self.conditions)
        )


@dataclass(frozen=True)
class Policy:
    """A document, compiled once for many requests."""

    statements: tuple[Statement, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> "Policy":
        """Compile a document. Raises PolicyError for what is not evaluated here."""
        return _compiled(json.dumps(document or {}, sort_keys=True))

    def applying(self, request: Request) -> list[Statement]:
        """List the statements that apply to a request, in their order."""
        return [statement for statement in self.statements if statement.applies(request)]


def allows(policy: Mapping[str, Any] | None, request: Request) -> bool:
    """Tell whether a resource policy lets a request in; an explicit deny wins, and nothing is allowed by
    default.
    """
    named = [one for one in Policy.of(policy).applying(request) if one.principal is not None]
    effects = {statement.effect for statement in named}
    return "Allow" in effects and "Deny" not in effects


@functools.lru_cache(maxsize=512)
def _compiled(text: str) -> Policy:
    listed = _many(json.loads(text).get("Statement", []))
    return Policy(tuple(_statement(one, number) for number, one in enumerate(listed)))


def _statement(one: Mapping[str, Any], number: int) -> Statement:
    if "NotPrincipal" in one:
        raise PolicyError("NotPrincipal in a policy is not evaluated here: deny by a condition instead")
    conditions = tuple(
        _condition(operator, key, tuple(_many(wanted)))
        for operator, keys in one.get("Condition", {}).items()
        for key, wanted in keys.items()
    )
    return Statement(
        sid=one.get("Sid", f"statement {number}"),
        effect=one["Effect"],
        action=_actions(one),
        resource=_resources(one),
        conditions=conditions,
        principal=one.get("Principal"),
    )


def _actions(one: Mapping[str, Any]) -> Matches:
    name, wanted = ("NotAction", False) if "NotAction" in one else ("Action", True)
    patterns = [_glob(pattern.lower()) for pattern in _many(one[name])]
    return lambda action: any(pattern(action) for pattern in patterns) is wanted


def _resources(one: Mapping[str, Any]) -> Callable[[str, Request], bool]:
    name, wanted = ("NotResource", False) if "NotResource" in one else ("Resource", True)
    patterns = tuple(_many(one.get(name, "*")))
    return lambda resource, request: _any(arn_like, resource, patterns, request) is wanted


def _names(principal: Any, who: str) -> bool:
    """Tell whether a policy's principal is this one; an account's number stands for everybody in it."""
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    account = who.split(":")[4] if who.startswith("arn:") else who
    named = {"*", who, account, f"arn:aws:iam::{account}:root"}
    return bool(named & set(_many(principal.get("AWS", [])))) or who in _many(principal.get("Service", []))


def _condition(operator: str, key: str, wanted: tuple[str, ...]) -> Callable[[Request], bool]:
    set_operator, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    if set_operator not in {"", "ForAnyValue", "ForAllValues"} or name not in {
        *_OPERATORS,
        *_NEGATED,
        "Null",
    }:
        raise PolicyError(f"condition operator {operator} is not evaluated here (known: {', '.join(KNOWN)})")
    lower = key.lower()
    if name == "Null":
        absent = str(wanted[0]).lower() == "true"
        return lambda request: (lower not in request.keys) is absent
    negated = name in _NEGATED
    matches = _OPERATORS[_NEGATED.get(name, name)]
    if_absent = rest != name or set_operator == "ForAllValues" or (negated and not set_operator)

    def fulfilled(request: Request) -> bool:
        given = request.keys.get(lower)
        if not given:
            return if_absent
        met = [_any(matches, value, wanted, request) is not negated for value in given]
        # Without a set operator a negated condition must hold for each value, another for one of them.
        return all(met) if set_operator == "ForAllValues" or (negated and not set_operator) else any(met)

    return fulfilled


def _any(matches: Callable[[str, str], bool], given: str, wanted: Sequence[Any], request: Request) -> bool:
    return any(matches(given, _resolved(str(one), request)) for one in wanted)


def _resolved(pattern: str, request: Request) -> str:
    """Put the values of policy variables in; one that the request does not have matches nothing."""
    if "${" not in pattern:
        return pattern

    def value(match: re.Match[str]) -> str:
        name, _, default = (part.strip() for part in match[1].partition(","))
        if name in _LITERALS:
            return f"\0{_LITERALS[name]}"
        found = request.keys.get(name.lower())
        return found[0] if found else default.strip("'") or "\0absent"

    return _VARIABLE.sub(value, pattern)


@functools.lru_cache(maxsize=4096)
def _glob(pattern: str) -> Matches:
    """Match `*` and `?` as IAM does; a character after a null is meant as it stands."""
    if not set(pattern) & set("*?\0"):
        return pattern.__eq__
    parts = re.findall(r"\0.|\*|\?|[^*?\0]+", pattern)
    words = {"*": ".*", "?": "."}
    text = "".join(words.get(part) or re.escape(part.removeprefix("\0")) for part in parts)
    matches = re.compile(text, re.DOTALL).fullmatch
    return lambda given: matches(given) is not None


def string_like(given: str, pattern: str) -> bool:
    """Match a string against a pattern with wildcards."""
    return _glob(pattern)(given)


def arn_like(given: str, pattern: str) -> bool:
    """Match an ARN part by part: a wildcard does not reach beyond the colons of the first five parts."""
    if pattern == "*":
        return True
    ours, theirs = given.split(":", 5), pattern.split(":", 5)
    if len(ours) != len(theirs):
        return _glob(pattern)(given) if len(theirs) < 6 and not pattern.startswith("arn:") else False
    return all(_glob(part)(ours[number]) for number, part in enumerate(theirs))


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda given, wanted: compare(float(given), float(wanted))


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda given, wanted: given == wanted,
    "StringEqualsIgnoreCase": lambda given, wanted: given.lower() == wanted.lower(),
    "StringLike": string_like,
    "ArnEquals": arn_like,  # IAM: ArnEquals and ArnLike behave identically
    "ArnLike": arn_like,
    "Bool": lambda given, wanted: given.lower() == wanted.lower(),
    "NumericEquals": _number(lambda given, wanted: given == wanted),
    "NumericLessThan": _number(lambda given, wanted: given < wanted),
    "NumericLessThanEquals": _number(lambda given, wanted: given <= wanted),
    "NumericGreaterThan": _number(lambda given, wanted: given > wanted),
    "NumericGreaterThanEquals": _number(lambda given, wanted: given >= wanted),
}
_NEGATED: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
}
KNOWN = (*_OPERATORS, *_NEGATED, "Null")


def _many(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
