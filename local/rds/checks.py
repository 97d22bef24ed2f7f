"""What RDS checks of a request before it looks at any database."""

import re
from typing import Any

from local.rds.errors import RefusedError
from local.rds.names import Kind, Names

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


def retention(names: Names, value: int) -> int:
    """Days for which backups are kept: none at all is possible for an instance, but not for Aurora."""
    least = 0 if names.kind is Kind.INSTANCE else 1
    if not least <= value <= 35:
        raise RefusedError(
            "InvalidParameterValue", f"Invalid backup retention period {value}: must be {least} to 35 days."
        )
    return value


def no_managed_password(params: dict[str, Any]) -> None:
    """Refuse what is not emulated, rather than leave the old password in place without a word."""
    if params.get("ManageMasterUserPassword"):
        raise RefusedError(
            "InvalidParameterCombination",
            "ManageMasterUserPassword is not emulated by the local RDS: give a MasterUserPassword.",
        )


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
