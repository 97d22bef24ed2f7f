"""What RDS checks of a request before it looks at any database."""

import re
from typing import Any

from local.rds.errors import RefusedError
from local.rds.names import Names

_IDENTIFIER = re.compile(r"[a-z](?:-?[a-z0-9])*")
_FORBIDDEN_IN_PASSWORDS = set('/"@ ')
_LONGEST = {"DBSnapshot": 255}  # everything else: 63


def identifier(names: Names, parameter: str, value: str, *, snapshot: bool = False) -> str:
    """The identifier as RDS stores it: lower case."""
    stored = value.lower()
    longest = _LONGEST.get(names.snapshot, 63) if snapshot else 63
    if len(stored) > longest or not _IDENTIFIER.fullmatch(stored):
        raise RefusedError(
            "InvalidParameterValue",
            f"The parameter {parameter} is not a valid identifier: {value!r}. Identifiers must begin with a "
            f"letter; must contain only ASCII letters, digits, and hyphens; must not end with a hyphen or "
            f"contain two consecutive hyphens; and have at most {longest} characters.",
        )
    return stored


def password(engine: str, value: str) -> str:
    """A master password that RDS accepts for this engine."""
    longest = 41 if engine in {"mysql", "mariadb", "aurora-mysql"} or engine.startswith("aurora") else 128
    printable = all(" " < character <= "~" for character in value)
    if not 8 <= len(value) <= longest or not printable or _FORBIDDEN_IN_PASSWORDS & set(value):
        raise RefusedError(
            "InvalidParameterValue",
            f"The parameter MasterUserPassword is not a valid password. It must have 8 to {longest} "
            "printable ASCII characters besides '/', '@', '\"', ' '.",
        )
    return value


def required(params: dict[str, Any], parameter: str) -> Any:
    """A parameter that the call cannot do without."""
    if params.get(parameter) in (None, ""):
        raise RefusedError(
            "InvalidParameterValue", f"The parameter {parameter} must be provided and must not be blank."
        )
    return params[parameter]


def tags(given: list[dict[str, str]]) -> dict[str, str]:
    """Tags as a mapping; the prefixes aws: and rds: are AWS's own."""
    for tag in given:
        if tag["Key"].lower().startswith(("aws:", "rds:")):
            raise RefusedError(
                "InvalidParameterValue", f"The tag key {tag['Key']!r} uses a prefix reserved for AWS."
            )
    return {tag["Key"]: tag.get("Value", "") for tag in given}
