# Names come quoted from the dialect and expressions compiled by it, never from a caller.
# ruff: noqa: S608
"""A few rows of a table before and after, in a transaction that is rolled back.

Masks call functions that have to be made first, which a read-only transaction refuses: so they are made in
one that may write, and everything goes with its rollback. Nothing of it is ever seen by another session.
"""

from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import Address, execute, query
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.rewriting import masked_value
from services.anonymize.worker.engines.results import PreviewRow
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.plan import context_for, email_shape, masked_rules
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.schema import Schema, Table
from services.anonymize.worker.sql import WORK_SCHEMA, qualified, quoted

LIMITS = (
    "SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '5s';"
    # the same rows each time, where no key orders them
    " SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0"
)


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
    statements, select = _statements(policy, schema, table, columns, rows)
    database = Database(address, key.settings())
    try:
        with database.engine.connect() as connection:
            try:
                if query(connection, "SELECT pg_is_in_recovery()")[0][0]:
                    raise MaskingError(
                        "this is a standby, in which a preview's functions cannot be made; ask its primary"
                    )
                for statement in (LIMITS, *statements):
                    execute(connection, statement)
                found = query(connection, select)
            except DBAPIError as error:
                reason = reason_of(error)
                if "permission denied for database" in reason:
                    reason += "; a preview needs GRANT CREATE ON DATABASE, though nothing of it stays"
                raise MaskingError(f"{table.label}: {reason}") from error
            finally:
                connection.rollback()
    finally:
        database.close()
    return tuple(
        {name: (row[2 * place], row[2 * place + 1]) for place, name in enumerate(columns)} for row in found
    )


def _statements(
    policy: Policy, schema: Schema, table: Table, columns: Sequence[str], rows: int
) -> tuple[list[str], str]:
    rules = masked_rules(policy.tables[table.schema, table.name])
    shape = email_shape(policy, schema)
    made: dict[str, None] = {f"CREATE SCHEMA IF NOT EXISTS {quoted(WORK_SCHEMA)}": None}
    lookups: list[str] = []
    listed = []
    for part in table.columns:
        if part.name not in columns:
            continue
        before = f"CAST({quoted(part.name)} AS text)"
        after = before
        if part.name in rules:
            rule = rules[part.name]
            context = context_for(table, shape, f"document_{table.oid}_{part.number}")
            made |= dict.fromkeys(rule.mask.functions())
            made |= dict.fromkeys(rule.mask.column_functions(part, context))
            if rule.mask.needs_setup:
                lookups += rule.mask.setup(table, part, schema, context)
            after = f"CAST({masked_value(part, rule.mask, context, rule.when)} AS text)"
        listed.append((part.name, f"{before} AS b{part.number}, {after} AS a{part.number}"))
    listed.sort(key=lambda one: columns.index(one[0]))
    order = ", ".join(quoted(name) for name in table.row_key)
    select = (
        f"SELECT {', '.join(values for _, values in listed)} FROM {qualified(table.schema, table.name)}"
        f"{f' ORDER BY {order}' if order else ''} LIMIT {rows:d}"
    )
    return [*made, *lookups], select
