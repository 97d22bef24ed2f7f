"""The worker's whole work on one database: discover, plan, remember, script, mask, clean, verify."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import Database, execute
from services.anonymize.worker.discovery import (
    count_large_objects,
    discover,
    other_databases,
    user_table_in,
)
from services.anonymize.worker.engines import cleaning, postgresql, scripts
from services.anonymize.worker.engines.cleaning import Cleaning, Work
from services.anonymize.worker.engines.postgresql import Masked
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.plan import Plan, make_plan
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.residue.quarantine import Quarantined, quarantine
from services.anonymize.worker.schema import Schema
from services.anonymize.worker.sql import quoted
from services.anonymize.worker.verification import (
    Finding,
    leftovers,
    remember_originals,
    take_baseline,
    verify,
)


@dataclass(frozen=True)
class Outcome:
    """What was done and found."""

    tables: tuple[Masked, ...]
    columns_masked: int
    rows_masked: int
    quarantined: Quarantined
    cleaning: Cleaning
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    seconds: Mapping[str, float]  # by step

    @property
    def passed(self) -> bool:
        """Whether every finding of verification is good."""
        return all(finding.passed for finding in self.findings)


def anonymize(
    database: Database, policy: Policy, files: Mapping[str, bytes], connections: int, tell: Tell
) -> Outcome:
    """Mask a database in place and verify it. Raises PolicyError or MaskingError before anything is written
    where that is possible; a failed verification is an outcome, not an error."""
    clock = _Clock()
    _refuse_other_databases(database)
    schema, plan = _planned(database, policy)
    own_all_tables(database, schema)
    tell(Advance("quarantining"))
    quarantined = quarantine(database, policy.quarantine)
    if quarantined.changed_schema:
        schema, plan = _planned(database, policy)
    clock.lap("quarantining")
    forced = postgresql.lift_row_security(database, schema)
    postgresql.prepare(database, plan.functions)
    postgresql.check_documents(database, plan.checks, policy.file)
    tell(Advance("masking", 0, sum(1 for planned in plan.tables if planned.statements)))
    originals = remember_originals(database, policy, schema, connections)
    clock.lap("remembering")
    if policy.script is not None:
        tell(Advance("scripting", table=policy.script.file))
        scripts.run_script(policy.script.file, files, database.address)
        schema, plan = _planned(database, policy)  # the script may have changed the schema
        postgresql.prepare(database, plan.functions)
        postgresql.check_documents(database, plan.checks, policy.file)
        clock.lap("scripting")
    before = take_baseline(database, schema, originals, connections)
    masked = postgresql.mask(database, plan, dict(before.rows), connections, tell)
    clock.lap("masking")
    new = postgresql.rewritten(plan)
    old = tuple(table for table in schema.tables if table.oid not in new)
    cleaned = cleaning.clean(Work(database, policy, old, connections, tell))
    clock.lap("cleaning")
    findings = verify(database, policy, schema, plan, before, connections, tell)
    places = len(cleaned.parts) + len(quarantined.cuts)
    findings += (leftovers(policy, places, (*quarantined.left, *cleaned.left)),)
    postgresql.restore_row_security(database, forced)
    postgresql.remove_work(database)
    clock.lap("verifying")
    return Outcome(
        tables=masked,
        columns_masked=plan.columns_masked,
        rows_masked=sum(done.rows for done in masked if done.plan.masked),
        quarantined=quarantined,
        cleaning=cleaned,
        findings=findings,
        notes=tuple(_notes(schema)),
        seconds=clock.laps,
    )


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name] = round(now - self._last, 3)
        self._last = now


def _planned(database: Database, policy: Policy) -> tuple[Schema, Plan]:
    with database.begin() as connection:
        schema = discover(connection)
    return schema, make_plan(policy, schema)


def _refuse_other_databases(database: Database) -> None:
    """A snapshot holds every database of the instance, and a policy speaks of one."""
    with database.begin() as connection:
        names = other_databases(connection)
    for name in names:
        with database.another(name) as other, other.begin() as connection:
            table, objects = user_table_in(connection), count_large_objects(connection)
        if table is not None or objects:
            what = f"tables: {name} ({table})" if table else f"{objects} large objects: {name}"
            raise MaskingError(
                f"the instance holds another database with {what};"
                f" the policy is for {database.address.database} only, and the snapshot would carry both"
            )


def own_all_tables(database: Database, schema: Schema) -> None:
    """Become a member of every role that owns a table: only an owner may alter it. Raises MaskingError."""
    owners = sorted({table.owner for table in schema.tables if not table.extension})
    with database.autocommit() as connection:
        for owner in owners:
            if connection.execute(text("SELECT pg_has_role(:owner, 'USAGE')"), {"owner": owner}).scalar_one():
                continue
            try:
                execute(connection, f"GRANT {quoted(owner)} TO {quoted(database.address.user)}")
            except DBAPIError as error:
                tables = ", ".join(table.label for table in schema.tables if table.owner == owner)
                raise MaskingError(
                    f"{tables}: owned by {owner}, whose rights {database.address.user} lacks;"
                    f" GRANT {owner} TO {database.address.user} in the source"
                ) from error


def _notes(schema: Schema) -> list[str]:
    """What masking does not reach, said openly."""
    return [
        f"{table.label} is a foreign table: its rows lie on another server"
        for table in schema.tables
        if table.foreign
    ]
