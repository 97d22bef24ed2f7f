"""The tables of docs/permissions.md, written from the statements: `python -m infra.permissions.page`."""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infra.permissions import (
    Development,
    Production,
    Role,
    Source,
    Statement,
    boundary,
    development_roles,
    production_roles,
)
from infra.permissions.databases import RDS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
BEGIN, END = "<!-- tables: python -m infra.permissions.page -->", "<!-- end of tables -->"
_PRODUCTION = Production(
    production_key="the production key",
    share_key="the share key",
    bucket="the bucket",
    development_accounts=("development",),
    sources=(Source("instance", "<database>"), Source("cluster", "<database>")),
)
_DEVELOPMENT = Development(copy_key="the copy key", production_accounts=("production",))
_OWN = re.compile(r"arn:\$\{AWS::Partition\}:[\w-]+:(\$\{AWS::Region\})?:\$\{AWS::AccountId\}:")
_OTHERS = re.compile(r"arn:\$\{AWS::Partition\}:([\w-]+):\$\{AWS::Region\}:\$\{Account\}:")


def written(page: str) -> str:
    """Return a page with its tables as the code has them now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def tables() -> str:
    """Return all tables: of each role, and of the boundaries."""
    parts = ["## Production", *map(_role, production_roles(_PRODUCTION).values())]
    parts += ["## Development", *map(_role, development_roles(_DEVELOPMENT).values())]
    parts += ["## The boundary in production", _boundary(boundary(_PRODUCTION))]
    parts += ["## The boundary in development", _boundary(boundary(_DEVELOPMENT))]
    return "\n\n".join(parts)


def _role(role: Role) -> str:
    service = ", ".join(statement["Principal"]["Service"] for statement in role.trust)
    return f"### `{role.name}`\n{role.description} Taken by `{service}`.\n\n{_table(role.everything)}"


def _boundary(statements: Iterable[Statement]) -> str:
    return _table(statement for statement in statements)


def _table(statements: Iterable[Statement]) -> str:
    rows = ["| statement | may | on | if | because |", "|---|---|---|---|---|"]
    return "\n".join([*rows, *map(_row, statements)])


def _row(statement: Statement) -> str:
    verb = "" if statement.effect == "Allow" else "**never** "
    actions = verb + _listed(statement.actions)
    if statement.not_resources:
        on = "anything but " + _listed(map(_short, statement.not_resources))
    else:
        on = _listed(map(_short, statement.resources))
    conditions = "; ".join(
        _condition(operator, key, value)
        for operator, keys in statement.conditions.items()
        for key, value in keys.items()
    )
    reserved = f"reserved: {statement.reserved}" if statement.reserved else ""
    because = "; ".join(part for part in (statement.why, reserved) if part)
    return f"| {statement.sid} | {actions} | {on} | {conditions} | {because} |"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(f"`{name}`" for name in names))


def _short(resource: Any) -> str:
    """Name a resource as one says it in its own account."""
    if isinstance(resource, str):
        return resource
    if "Fn::Join" in resource:
        return "".join(resource["Fn::Join"][1])
    given = resource["Fn::Sub"]
    text, values = given if isinstance(given, list) else (given, {})
    text = _OTHERS.sub(lambda match: f"{values.get('Account', '')}'s {match[1]} ", text)
    text = _OWN.sub("", text)
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", str(value))
    return text


def _condition(operator: str, key: str, value: Any) -> str:
    if operator == "Null":
        return f"`{key}` is {'absent' if value == 'true' else 'given'}"
    wanted = value if isinstance(value, list | tuple) else [value]
    words = ", ".join(f"`{_text(one)}`" for one in wanted)
    return f"{_WORDS.get(operator, operator)} `{key}` {_VERBS.get(operator, '=')} {words}".strip()


def _text(value: Any) -> str:
    if value == RDS:
        return "RDS"
    return _short(value) if isinstance(value, Mapping) else str(value)


_WORDS = {
    "ArnEquals": "",
    "ArnLike": "",
    "ArnNotEquals": "",
    "Bool": "",
    "StringEquals": "",
    "StringLike": "",
    "StringNotEquals": "",
    "ForAllValues:StringEquals": "every",
    "ForAllValues:StringLike": "every",
    "ForAllValues:StringNotLike": "no",
    "ForAnyValue:StringEquals": "some",
    "ForAnyValue:StringLike": "some",
}
_VERBS = {"ArnNotEquals": "≠", "StringNotEquals": "≠"}


def main() -> int:
    """Write the page; with --check, only say whether it is up to date."""
    page = PAGE.read_text()
    new = written(page)
    if "--check" in sys.argv:
        return int(new != page)
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
