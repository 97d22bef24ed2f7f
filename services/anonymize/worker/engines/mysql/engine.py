"""Every step of masking a MySQL or MariaDB database."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.engines import scripts
from services.anonymize.worker.engines.checking import check_documents, failure
from services.anonymize.worker.engines.mysql import cleaning, masking, rehearsing, tables, verification
from services.anonymize.worker.engines.mysql.cleaning import Work
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.discovery import discover, user_tables_elsewhere
from services.anonymize.worker.engines.mysql.holding import hold
from services.anonymize.worker.engines.mysql.personal import searching_functions
from services.anonymize.worker.engines.mysql.planning import make_plan
from services.anonymize.worker.engines.mysql.residue.quarantine import quarantine
from services.anonymize.worker.engines.mysql.scripting import sql_of
from services.anonymize.worker.engines.results import Baseline, Cleaning, Finding, Masked, Quarantined
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.plan import Plan, Trial
from services.anonymize.worker.policy import Policy, Quarantine
from services.anonymize.worker.progress import Tell
from services.anonymize.worker.schema import Schema


class MySQL:
    """engines.port.Masking for MySQL, MariaDB and Aurora MySQL."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.checkpoints = Checkpoints(database)

    def hold(self, patience: float) -> AbstractContextManager[bool]:
        return hold(self.database, patience)

    def check_surroundings(self) -> None:
        """A snapshot holds every database of the server, and a policy speaks of one."""
        with self.database.begin() as connection:
            found = user_tables_elsewhere(connection)
        for name, table in found:
            raise MaskingError(
                f"the server holds another database with tables: {name} ({table}); the policy is for"
                f" {self.database.address.database} only, and the snapshot would carry both"
            )

    def discover(self) -> Schema:
        with self.database.begin() as connection:
            return discover(connection)

    def plan(self, policy: Policy, schema: Schema) -> Plan:
        return make_plan(policy, schema)

    def gain_rights(self, schema: Schema) -> None:
        """There is nothing to gain: a table has no owner, and a master user may alter all of them."""

    def quarantine(self, kept: Quarantine) -> Quarantined:
        return quarantine(self.database, kept)

    def prepare(self, policy: Policy, schema: Schema, plan: Plan) -> None:
        self.checkpoints.prepare()
        tables.make_functions(self.database, plan.functions)
        rehearsing.rehearse(self.database, plan)
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
        functions = (*plan.functions, *searching_functions(is_mariadb=self.database.is_mariadb))
        return cleaning.clean(Work(self.database, policy, old, connections, tell, functions))

    def verify(
        self, policy: Policy, schema: Schema, plan: Plan, before: Baseline, connections: int, tell: Tell
    ) -> Sequence[Finding]:
        return verification.verify(self.database, policy, schema, plan, before, connections, tell)

    def finish(self) -> None:
        tables.finish(self.database)

    def failure(self, trial: Trial) -> str | None:
        return failure(self.database, trial)
