"""Every step of masking a PostgreSQL database."""

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines import scripts
from services.anonymize.worker.engines.checking import check_documents, failure
from services.anonymize.worker.engines.postgresql import cleaning, masking, tables, verification
from services.anonymize.worker.engines.postgresql.cleaning import Work
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.constraints import broken_keys
from services.anonymize.worker.engines.postgresql.discovery import (
    closed_databases,
    count_large_objects,
    dead_indexes,
    discover,
    other_databases,
    user_table_in,
)
from services.anonymize.worker.engines.postgresql.holding import hold
from services.anonymize.worker.engines.postgresql.planning import make_plan
from services.anonymize.worker.engines.postgresql.residue.quarantine import quarantine
from services.anonymize.worker.engines.postgresql.scripting import sql_of
from services.anonymize.worker.engines.results import Baseline, Cleaning, Finding, Masked, Quarantined
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.plan import Plan, Trial
from services.anonymize.worker.policy import Policy, Quarantine
from services.anonymize.worker.progress import Tell
from services.anonymize.worker.schema import Schema
from services.anonymize.worker.sql import quoted


class PostgreSQL:
    """engines.port.Masking for PostgreSQL and Aurora PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.checkpoints = Checkpoints(database)

    def hold(self, patience: float) -> AbstractContextManager[bool]:
        return hold(self.database, patience)

    def check_surroundings(self) -> None:
        """A snapshot holds every database of the instance, and a policy speaks of one."""
        with self.database.begin() as connection:
            names, closed = other_databases(connection), closed_databases(connection)
            dead, broken = dead_indexes(connection), broken_keys(connection)
        if closed:
            raise MaskingError(
                f"the instance holds databases that take no connections: {', '.join(closed)}; nobody can tell"
                f" what is in them, and the snapshot would carry them; in the source, drop them or let"
                f" {self.database.address.user} connect"
            )
        if dead:
            raise MaskingError(
                f"indexes whose DROP INDEX CONCURRENTLY was not ended: {', '.join(dead)}; they keep old"
                " values, which no rewrite reaches; DROP INDEX them in the source"
            )
        if broken:
            raise MaskingError(
                f"unique indexes that were never built, because two rows have the same: {', '.join(broken)};"
                " no rewrite of their tables can end; DROP INDEX them in the source"
            )
        for name in names:
            with self.database.another(name) as other, other.begin() as connection:
                table, objects = user_table_in(connection), count_large_objects(connection)
            if table is not None or objects:
                what = f"tables: {name} ({table})" if table else f"{objects} large objects: {name}"
                raise MaskingError(
                    f"the instance holds another database with {what}; the policy is for"
                    f" {self.database.address.database} only, and the snapshot would carry both"
                )

    def discover(self) -> Schema:
        with self.database.begin() as connection:
            return discover(connection)

    def plan(self, policy: Policy, schema: Schema) -> Plan:
        return make_plan(policy, schema)

    def gain_rights(self, schema: Schema) -> None:
        """Become a member of every role that owns a table: only an owner may alter it; and, where that goes,
        of those that own views, of which not all are in the way."""
        user = self.database.address.user
        owners = sorted({table.owner for table in schema.tables if not table.extension})
        with self.database.autocommit() as connection:
            for owner in owners:
                if connection.execute(
                    text("SELECT pg_has_role(:owner, 'USAGE')"), {"owner": owner}
                ).scalar_one():
                    continue
                try:
                    execute(connection, f"GRANT {quoted(owner)} TO {quoted(user)}")
                except DBAPIError as error:
                    owned = ", ".join(table.label for table in schema.tables if table.owner == owner)
                    raise MaskingError(
                        f"{owned}: owned by {owner}, whose rights {user} lacks;"
                        f" GRANT {owner} TO {user} in the source"
                    ) from error
            for owner in sorted({view.owner for view in schema.views} - {*owners, user}):
                with contextlib.suppress(DBAPIError):  # the server says which view it was, if it matters
                    execute(connection, f"GRANT {quoted(owner)} TO {quoted(user)}")

    def quarantine(self, kept: Quarantine) -> Quarantined:
        return quarantine(self.database, kept)

    def prepare(self, policy: Policy, schema: Schema, plan: Plan) -> None:
        self.checkpoints.prepare()
        tables.lift_row_security(self.database, self.checkpoints, schema)
        tables.make_functions(self.database, plan.functions)
        check_documents(self.database, plan.checks)

    def remember_originals(self, policy: Policy, schema: Schema, connections: int) -> Mapping[str, int]:
        return verification.remember_originals(self.database, policy, schema, connections)

    def originals_there(self, originals: Mapping[str, int]) -> bool:
        return verification.originals_there(self.database, originals)

    def run_script(self, step: str, file: str, files: Mapping[str, bytes]) -> None:
        sql = sql_of(self.database.address, self.checkpoints)
        scripts.run_script(step, file, files, self.database, self.checkpoints, sql)

    def take_baseline(self, schema: Schema, originals: Mapping[str, int], connections: int) -> Baseline:
        return verification.take_baseline(self.database, schema, originals, connections)

    def mask(self, plan: Plan, before: Baseline, connections: int, tell: Tell) -> tuple[Masked, ...]:
        return masking.mask(self.database, self.checkpoints, plan, before.rows, connections, tell)

    def clean(self, policy: Policy, schema: Schema, plan: Plan, connections: int, tell: Tell) -> Cleaning:
        new = tables.rewritten(plan)
        old = tuple(table for table in schema.tables if table.oid not in new)
        return cleaning.clean(Work(self.database, policy, old, connections, tell))

    def verify(
        self, policy: Policy, schema: Schema, plan: Plan, before: Baseline, connections: int, tell: Tell
    ) -> Sequence[Finding]:
        return verification.verify(self.database, policy, schema, plan, before, connections, tell)

    def finish(self) -> None:
        tables.finish(self.database, self.checkpoints)

    def failure(self, trial: Trial) -> str | None:
        return failure(self.database, trial)
