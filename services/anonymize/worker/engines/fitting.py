# Names come quoted from the dialect and values compiled by it, never from a caller.
# ruff: noqa: S608
"""Tries whether a table holds what masks make of its first rows, before anything is written.

The rows are masked into a copy of the table's structure that goes again at once: the server itself then says
what lengths, ranges, domains, checks, NOT NULL and keys allow, and the policy's rule that breaks them is
named. Rows that come later are held by the same constraints when the table is masked.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import execute
from services.anonymize.worker.failures import reason_of
from services.anonymize.worker.masks import Mask
from services.anonymize.worker.plan import Trial
from services.anonymize.worker.policy import ColumnRule
from services.anonymize.worker.schema import Table

if TYPE_CHECKING:
    from services.anonymize.worker.engines.port import Database

ROWS = 200


@dataclass(frozen=True)
class Copy:
    """Where a few rows of a table are put: `name` alone stands in the server's messages."""

    name: str
    make: tuple[str, ...]
    drop: str
    into: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Fitting(Trial):
    """A trial whose query fills a copy with masked rows; `alone` masks one column at a time, and `unmasked`
    none."""

    copy: Copy
    table: str
    alone: tuple[Trial, ...]
    unmasked: str


def fitting(
    table: Table,
    rules: Mapping[str, ColumnRule],
    value: Callable[[str, Mask], str],
    quoted: Callable[[str], str],
    copy: Copy,
) -> Fitting:
    """Make the trial of a table that rules mask; `value` says what a mask makes of a column."""
    # what masks read of other rows is not written down yet
    values = {name: value(name, rule.mask) for name, rule in rules.items() if not rule.mask.needs_setup}
    stored = [column.name for column in table.columns if column.generated is None]

    def filled(masked: Mapping[str, str]) -> str:
        into = ", ".join(map(quoted, stored))
        chosen = ", ".join(masked.get(name, quoted(name)) for name in stored)
        return f"INSERT INTO {copy.into} ({into}) SELECT {chosen} FROM {copy.source} LIMIT {ROWS}"

    alone = tuple(
        Trial(
            f"{table.label}.{name}",
            rules[name].at,
            filled({name: made}),
            f"{rules[name].mask.word} makes what the column cannot hold",
            scans=True,
        )
        for name, made in values.items()
    )
    return Fitting(
        table.label,
        min(rule.at for rule in rules.values()),
        filled(values),
        "the masked columns together make what the table cannot hold",
        scans=True,
        copy=copy,
        table=table.name,
        alone=alone,
        unmasked=filled({}),
    )


def misfits(database: "Database", fitted: Fitting) -> Iterator[tuple[Trial, str]]:
    """What of a table's masks does not fit, with the reason; nothing where the rows themselves do not."""
    if (reason := _refused(database, fitted, fitted.query)) is None:
        return
    if _refused(database, fitted, fitted.unmasked) is not None:
        return
    alone = [(trial, _refused(database, fitted, trial.query)) for trial in fitted.alone]
    if all(why != reason for _, why in alone):
        yield fitted, f": {reason}"
        return
    for trial, why in alone:
        if why is not None:
            yield trial, f": {why}"


def _refused(database: "Database", fitted: Fitting, fill: str) -> str | None:
    """Why the server does not take the rows, as far as may be said."""
    try:
        with database.begin() as connection:
            for statement in (*fitted.copy.make, fill, fitted.copy.drop):
                execute(connection, statement)
    except DBAPIError as error:
        with database.begin() as connection:
            execute(connection, fitted.copy.drop)
        return _of_table(reason_of(error), fitted)
    return None


def _of_table(reason: str, fitted: Fitting) -> str:
    """A message of the copy as one of the table; MariaDB calls a column's check by table and column."""
    for said, instead in (
        (fitted.copy.into, fitted.table),
        (f"{fitted.copy.name}.", ""),
        (fitted.copy.name, fitted.table),
    ):
        reason = reason.replace(said, instead)
    return reason
