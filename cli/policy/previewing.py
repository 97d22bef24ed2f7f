"""`snapveil policy preview`: a few rows of a table before and after, without writing."""

from pathlib import Path

import click

from cli.exits import FINE, InputError
from cli.policy.files import (
    as_json,
    database_argument,
    format_option,
    given,
    held,
    policy_file,
    policy_option,
    show_problems,
    usable,
)
from services.anonymize.worker import Checked, MaskingError
from services.anonymize.worker.engines import address_of, preview
from services.anonymize.worker.engines.results import PreviewRow
from services.anonymize.worker.policy import Action, did_you_mean
from services.anonymize.worker.schema import Table

MOST_ROWS, LONGEST = 100, 60


@click.command("preview", short_help="Show a few rows of a table before and after, without writing.")
@click.argument("table")
@database_argument
@policy_option
@click.option(
    "--rows", type=click.IntRange(1, MOST_ROWS), default=3, show_default=True, help="How many rows."
)
@click.option("--columns", help="Which columns, like email,phone; without it those that are masked.")
@format_option
def command(
    table: str, database_url: str | None, policy: Path, rows: int, columns: str | None, form: str
) -> int:
    """Show rows of TABLE in the database at DATABASE_URL before and after masking. They are your own data.

    Nothing stays written: the functions that masks call are made in a transaction that is rolled back, and a
    standby, where that cannot be, is refused. shuffle and sample read the whole table.

    The fakes are the same each time, and not those of a run, which has another key.
    """
    database_url = given(database_url)
    checked = held(usable(policy_file(policy)), database_url, None)
    found = _table(checked, table)
    shown = _columns(checked, found, columns)
    about = tuple(f"{table}.{name}: " for name in shown)
    if concerned := [problem for problem in checked.problems if problem.message.startswith(about)]:
        return show_problems(concerned, form)
    try:
        seen = preview(address_of(database_url), checked.policy, checked.schema, found, shown, rows)
    except MaskingError as error:
        raise InputError(str(error)) from None
    if form == "json":
        listed = [
            {name: {"before": before, "after": after} for name, (before, after) in row.items()}
            for row in seen
        ]
        click.echo(as_json({"table": table, "rows": listed}))
        return FINE
    if not seen:
        click.echo(f"{table} has no rows")
    for place, row in enumerate(seen, start=1):
        click.echo(f"row {place}")
        for line in _lines(row):
            click.echo(line)
    return FINE


def _table(checked: Checked, wanted: str) -> Table:
    known = {table.label: table for table in checked.schema.tables}
    if wanted not in known:
        raise InputError(f"{wanted}: no such table{did_you_mean(wanted, known)}")
    found = known[wanted]
    if found.foreign or (found.schema, found.name) not in checked.policy.tables:
        why = "its rows lie on another server" if found.foreign else "the policy does not name it"
        raise InputError(f"{wanted}: {why}")
    return found


def _columns(checked: Checked, table: Table, wanted: str | None) -> list[str]:
    if wanted is not None:
        names = [name.strip() for name in wanted.split(",") if name.strip()]
        for name in names:
            if table.column(name) is None:
                known = [column.name for column in table.columns]
                raise InputError(
                    f"--columns: {table.label}.{name}: no such column{did_you_mean(name, known)}"
                )
        return list(dict.fromkeys(names))
    rule = checked.policy.tables[table.schema, table.name]
    masked = [name for name, column in rule.columns.items() if column.mask.rewrites]
    if not masked:
        said = {Action.TRUNCATE: "the policy empties it", Action.KEEP: "the policy keeps it as it is"}
        why = said[rule.action] if rule.action is not None else "no rule changes a column"
        raise InputError(f"{table.label}: {why}; there is nothing to compare, unless --columns names some")
    return [column.name for column in table.columns if column.name in masked]


def _lines(row: PreviewRow) -> list[str]:
    values = {_short(name): (_short(before), _short(after)) for name, (before, after) in row.items()}
    width = max(map(len, values))
    room = max(len(before) for before, _ in values.values())
    return [f"  {name:{width}}  {before:{room}}  →  {after}" for name, (before, after) in values.items()]


def _short(value: str | None) -> str:
    """A value in one line, with nothing in it that a terminal would obey."""
    if not value:
        return "NULL" if value is None else "(empty)"
    line = "".join(one if one.isprintable() else "�" for one in " ".join(value.split()))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
