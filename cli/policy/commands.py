"""`snapveil policy`: write a first policy for a database, check one, and say what it will do."""

import re
import shlex
from itertools import groupby
from pathlib import Path

import click

from cli.exits import FAILED, FINE, InputError
from cli.policy import bundling, differing, explaining, previewing
from cli.policy.files import (
    DEFAULT,
    as_json,
    database_argument,
    format_option,
    given,
    held,
    loaded,
    policy_file,
    policy_option,
    problem_json,
    schema_of,
    schema_options,
)
from services.anonymize.worker import (
    Checked,
    ConnectionProblemError,
    named_otherwise,
    suggest_policy,
    write_schema,
)
from services.anonymize.worker.policy.json_schema import json_schema
from services.anonymize.worker.schema_file import SCHEMA_FILE


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them in the order in which a newcomer needs them."""
        return ["init", "check", "preview", "explain", "diff", "dump", "schema", "bundle"]


@click.group(
    "policy",
    cls=_InOrder,
    epilog="The first time: init, read what it wrote, check, preview, and then `snapveil try`.",
)
def command() -> None:
    """Write a first policy for a database, check one, and see what it will do.

    DATABASE_URL is postgresql://user:password@host:port/database, or mysql://… for MySQL and MariaDB; where
    it is left out, the environment variable of this name counts. No command here changes a database.

    Exit code 0 is fine, 1 has findings, 2 is unusable input.
    """


@command.command("init", short_help="Write a first policy for a database.")
@database_argument
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT,
    show_default=True,
    help="The file to write.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def init(database_url: str | None, output: Path, *, force: bool) -> int:
    """Write a first policy for the database at DATABASE_URL.

    It names every table and column, with a mask for what looks personal by its name or a sample of its
    values, and says in a comment where it is unsure. Read it before you use it.
    """
    _writable(output, force)
    try:
        text = suggest_policy(given(database_url))
    except ConnectionProblemError as error:
        raise InputError(str(error)) from None
    output.write_text(text)
    unsure = sum("unsure" in line for line in text.splitlines()[2:])
    where = f", above all {unsure} line{'s' if unsure > 1 else ''} with `unsure`" if unsure else ""
    click.echo(f"wrote {output}; read it{where}")
    click.echo(f"then: snapveil policy check DATABASE_URL --policy {shlex.quote(str(output))}")
    click.echo(f"and:  snapveil try DATABASE_URL --policy {shlex.quote(str(output))}")
    return FINE


@command.command("check", short_help="Say what is wrong with a policy, and which rule names what.")
@schema_options
@policy_option
@format_option
def check(database_url: str | None, schema_file: Path | None, policy: Path, form: str) -> int:
    """Check a policy against the database at DATABASE_URL, or against a schema file.

    It says every problem with file, line and column, and which default, pattern or foreign key named the
    columns that have no rule of their own.
    """
    file = policy_file(policy)
    written, problems = loaded(file)
    checked = None
    if written is not None:
        checked = held(written, database_url, schema_file)
        problems = list(checked.problems)
    if form == "json":
        named = list(named_otherwise(checked.policy, checked.schema)) if checked is not None else []
        answer = {
            "policy": str(file),
            "fine": not problems,
            "problems": [problem_json(problem) for problem in problems],
            "named": [column.as_json() | {"table": table} for table, column in named],
            "notes": list(checked.notes) if checked is not None else [],
        }
        click.echo(as_json(answer))
        return FAILED if problems else FINE
    for problem in problems:
        click.echo(str(problem))
    if problems:
        return FAILED
    click.echo(f"{file}: fine; every column is named and every mask fits")
    if checked is not None:
        for line in _named(checked):
            click.echo(line)
    return FINE


def _named(checked: Checked) -> list[str]:
    """Columns by what named them, and notes."""
    found = sorted(
        (
            (column.by, column.mask, f"{table}.{column.name}" if column.name else table)
            for table, column in named_otherwise(checked.policy, checked.schema)
        ),
        key=lambda one: [(not part.isdigit(), part.zfill(9)) for part in re.split(r"(\d+)", " ".join(one))],
    )
    lines = [
        f"  {by} ({mask}): {', '.join(column for *_, column in columns)}"
        for (by, mask), columns in groupby(found, key=lambda one: one[:2])
    ]
    return [*lines, *(f"  note: {note}" for note in checked.notes)]


@command.command("dump", short_help="Write a database's schema into a file, to check without a database.")
@database_argument
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(SCHEMA_FILE),
    show_default=True,
    help="The file to write; - is the standard output.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def dump(database_url: str | None, output: Path, *, force: bool) -> int:
    """Write the schema of the database at DATABASE_URL into a file, for check, explain and diff.

    Tables, columns, keys, sizes and definitions; no row of any table.
    """
    if str(output) != "-":
        _writable(output, force)
    text = write_schema(*schema_of(database_url, None))
    if str(output) == "-":
        click.echo(text, nl=False)
    else:
        output.write_text(text)
        click.echo(f"wrote {output}")
    return FINE


@command.command("schema", short_help="Print the JSON Schema of policies, for editors.")
def schema() -> int:
    """Print the JSON Schema of policy.yaml (draft 2020-12), with which editors complete and check it.

    The schema of a database is another thing: `snapveil policy dump` writes that.
    """
    click.echo(as_json(json_schema()))
    return FINE


def _writable(output: Path, force: bool) -> None:
    if output.exists() and not force:
        raise InputError(f"{output} is there already; --force overwrites it, --output writes another file")
    if not output.absolute().parent.is_dir():
        raise InputError(f"{output}: {output.absolute().parent} is no folder")


for _more in (explaining.command, previewing.command, differing.command, bundling.command):
    command.add_command(_more)
