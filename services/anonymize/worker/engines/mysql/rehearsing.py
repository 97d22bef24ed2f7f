"""Makes every table's copy once without rows, before anything of the database is changed.

A server makes a table anew in its own way, and what it would not make as it was stops the run here, by name.
"""

import difflib
import re
from collections.abc import Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.copying import FOREIGN_KEY, as_shown, run_step
from services.anonymize.worker.engines.mysql.planning import SHOW_CREATE, new_name
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, qualified
from services.anonymize.worker.engines.mysql.tables import hint
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import Plan, TablePlan

RENAME = "RENAME TABLE "
NUMBER = re.compile(r" AUTO_INCREMENT=\d+")
NAMED = re.compile(r"^  (PRIMARY KEY|(?:[A-Z]+ )*`(?:[^`]|``)+`)")
ANY_TRIGGER = "BEFORE INSERT ON {} FOR EACH ROW SET @snapveil_rehearsed = 1"


def rehearse(database: Database, plan: Plan) -> None:
    """Make all copies without rows, and one trigger if there are any. Raises MaskingError."""
    copied = [planned for planned in plan.tables if any(map(_swaps, planned.statements))]
    trigger = any(statement.startswith("CREATE") for statement in plan.rebuild)
    with database.autocommit() as connection:
        for planned in copied:
            name = qualified(database.address.database, planned.table.name)
            try:
                differing = list(_differing(connection, planned, name, trigger and planned is copied[0]))
            except DBAPIError as error:
                connection.invalidate()
                said = f"the server refuses what masking makes of it: {reason_of(error)}{hint(error)}"
                raise MaskingError(f"{planned.table.label}: {said}") from error
            if differing:
                raise MaskingError(
                    f"{planned.table.label}: the server would not make a copy as it is, but another"
                    f" {', '.join(differing)}; keep the table, or make it anew in the source as the server"
                    " would today"
                )


def _swaps(statement: str) -> bool:
    return statement.startswith(RENAME)


def _differing(connection: Connection, planned: TablePlan, name: str, trigger: bool) -> Iterator[str]:
    """What a copy has in another way than its original, by name."""
    for statement in planned.statements:
        if not _swaps(statement):
            run_step(connection, planned.table, statement, filled=False)
    if trigger:
        named = qualified(WORK_DATABASE, "rehearsed")
        execute(connection, f"CREATE TRIGGER {named} {ANY_TRIGGER.format(new_name(planned.table))}")
    with as_shown(connection):
        was, is_ = (_lines(connection, one) for one in (name, new_name(planned.table)))
    execute(connection, f"DROP TABLE {new_name(planned.table)}")
    changed = (line[2:] for line in difflib.ndiff(was, is_) if line.startswith(("- ", "+ ")))
    yield from dict.fromkeys(map(_place, changed))


def _lines(connection: Connection, name: str) -> list[str]:
    """A table's definition but for what it is called, its foreign keys and its next number."""
    made = FOREIGN_KEY.sub("", str(query(connection, SHOW_CREATE + name)[0][1]))
    return [NUMBER.sub("", line.rstrip(",")) for line in made.split("\n")[1:]]


def _place(line: str) -> str:
    match = NAMED.match(line)
    return match[1] if match else "way of storing it"
