# Names come quoted from the dialect and expressions compiled by it, never from a caller.
# ruff: noqa: S608
"""A few rows of a table before and after, in a transaction that may only read.

MySQL and MariaDB commit whatever defines a function, so that it could not be taken back: masks that need one,
or a look at the whole column, are refused by name, and the others are shown.
"""

from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import Address, query
from services.anonymize.worker.engines.mysql import values
from services.anonymize.worker.engines.mysql.connecting import Database, only_database
from services.anonymize.worker.engines.mysql.patterns import without_long
from services.anonymize.worker.engines.mysql.sql import qualified, quoted
from services.anonymize.worker.engines.results import PreviewRow
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.plan import context_for, email_shape, masked_rules
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.schema import Family, Schema, Table


def preview(
    address: Address,
    key: RunKey,
    policy: Policy,
    schema: Schema,
    table: Table,
    columns: Sequence[str],
    rows: int,
) -> tuple[PreviewRow, ...]:
    """Return `rows` rows of a table, columns before and after, by a policy resolved for the schema. Raises
    MaskingError, and ConnectionProblemError if the database cannot be opened."""
    select = _select(policy, schema, table, columns, rows)
    with Database(only_database(address), key.settings(), read_only=True) as database:
        try:
            with database.begin() as connection:
                found = query(connection, select)
        except DBAPIError as error:
            raise MaskingError(f"{table.label}: {reason_of(error)}") from error
    return tuple(
        {name: (row[2 * place], row[2 * place + 1]) for place, name in enumerate(columns)} for row in found
    )


def _select(policy: Policy, schema: Schema, table: Table, columns: Sequence[str], rows: int) -> str:
    rules = masked_rules(policy.tables[table.schema, table.name])
    shape = email_shape(policy, schema)
    listed, refused = [], []
    for name in columns:
        part = next(one for one in table.columns if one.name == name)
        shown = "HEX({})" if part.family is Family.BYTES else "CONVERT({} USING utf8mb4)"
        after = quoted(name)
        if name in rules:
            rule = rules[name]
            context = context_for(table, shape, f"document_{table.oid}_{part.number}")
            after = without_long(values.masked_value(part, rule.mask, context, rule.when))
            if rule.mask.needs_setup or values.functions_for([after]):
                refused.append(f"{name} ({rule.mask.word})")
        listed.append(
            f"{shown.format(quoted(name))} AS b{part.number}, {shown.format(after)} AS a{part.number}"
        )
    if refused:
        raise MaskingError(
            f"{table.label}: {', '.join(refused)} would leave functions or tables behind on this server;"
            " name other columns with --columns; `snapveil try` shows these, too, on a copy"
        )
    order = ", ".join(quoted(name) for name in table.row_key)
    return (
        f"SELECT {', '.join(listed)} FROM {qualified(schema.database, table.name)}"
        f"{f' ORDER BY {order}' if order else ''} LIMIT {rows:d}"
    )
