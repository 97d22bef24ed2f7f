"""`snapveil policy explain`: what a run would do to each table, how and why."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cli.exits import FINE, InputError
from cli.policy.files import (
    as_json,
    format_option,
    held,
    policy_file,
    policy_option,
    schema_options,
    show_problems,
    usable,
)
from services.anonymize.connections import Connections, connections_for
from services.anonymize.worker import Explanation, explain
from services.anonymize.worker.explanation import TableExplained
from services.anonymize.worker.policy import did_you_mean


@click.command("explain", short_help="Say how each table would be masked, why, and how long it may take.")
@schema_options
@policy_option
@click.option("--table", "wanted", help="One table only, by its name in the policy.")
@click.option("--sql", "with_sql", is_flag=True, help="The statements too; the JSON form has them always.")
@click.option(
    "--instance-class",
    metavar="CLASS",
    help="The temporary database's, like db.r7g.xlarge: say how many connections a run takes there.",
)
@format_option
def command(
    database_url: str | None,
    schema_file: Path | None,
    policy: Path,
    wanted: str | None,
    instance_class: str | None,
    form: str,
    *,
    with_sql: bool,
) -> int:
    """Explain what a run would do to the database at DATABASE_URL, or to that of a schema file.

    Per table the method and why, the masked columns and which rule masks them, and an estimate of bytes and
    seconds; then what is dropped and made anew, and what is cleaned.

    Seconds are an estimate from rates measured on two cores with a local disk; see docs/policies.md.
    """
    checked = held(usable(policy_file(policy)), database_url, schema_file)
    if checked.plan is None or checked.problems:
        return show_problems(checked.problems, form)
    found = explain(checked.policy, checked.plan)
    if wanted is not None:
        found = _only(found, wanted)
    connections = connections_for(instance_class) if instance_class is not None else None
    if form == "json":
        click.echo(as_json(found.as_json() | {"in_parallel": _in_parallel(found, connections)}))
        return FINE
    for line in _lines(found, connections, with_sql):
        click.echo(line)
    return FINE


def _only(found: Explanation, wanted: str) -> Explanation:
    tables = tuple(table for table in found.tables if table.label == wanted)
    if not tables:
        labels = [table.label for table in found.tables]
        known = did_you_mean(wanted, labels) or f"; there is {', '.join(labels)}"
        raise InputError(f"--table {wanted}: no such table{known}")
    return Explanation(tables, (), (), (), (), ())  # what is around concerns all tables


def _lines(found: Explanation, connections: Connections | None, with_sql: bool) -> Iterator[str]:
    if found.before:
        yield f"before the rules: {', '.join(found.before)}"
    for table in found.tables:
        yield from _table(table, with_sql)
    yield from _around("dropped for the time", found.dropped, with_sql)
    yield from _around("made anew", found.recreated, with_sql)
    yield from _around("refreshed", found.refreshed, with_sql)
    if found.after:
        yield f"after the rules: {', '.join(found.after)}"
    cleaned = [table.label for table in found.tables if table.cleaned]
    if cleaned:
        yield f"rewritten by cleaning: {', '.join(cleaned)}"
    yield "cleaned besides: statistics, the server's own tables and its logs"
    size = sum(table.bytes for table in found.tables)
    yield (
        f"estimate: {_number(len(found.tables), 'table')}, {_size(size)},"
        f" {_time(found.seconds)} on one connection, verification not counted"
    )
    if connections is not None:
        yield (
            f"in parallel: {_time(found.seconds_over(connections.number))} on"
            f" {_number(connections.number, 'connection')}, because {connections.why}"
        )


def _in_parallel(found: Explanation, connections: Connections | None) -> dict[str, Any] | None:
    if connections is None:
        return None
    return {
        "connections": connections.number,
        "why": connections.why,
        "estimated_seconds": found.seconds_over(connections.number),
    }


def _table(table: TableExplained, with_sql: bool) -> Iterator[str]:
    masked = [column for column in table.columns if column.masked]
    yield (
        f"{table.label}: {table.method}, {table.why}"
        f"  (about {_number(table.rows, 'row')}, {_size(table.bytes)}, {_time(table.seconds)})"
    )
    width = max((len(column.name) for column in masked), default=0)
    words = max((len(column.mask) for column in masked), default=0)
    for column in masked:
        yield f"    {column.name:{width}}  {column.mask:{words}}  {column.by}"
    if not masked and table.method != "keep":
        yield f"    {table.by}"
    if with_sql:
        yield from (f"    {statement};" for statement in table.statements)


def _around(what: str, statements: tuple[str, ...], with_sql: bool) -> Iterator[str]:
    if not statements:
        return
    number = _number(len(statements), "statement")
    yield f"{what}: {number}{'' if with_sql else ' (--sql shows them)'}"
    if with_sql:
        yield from (f"    {statement};" for statement in statements)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _time(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
