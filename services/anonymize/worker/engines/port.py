"""What masking asks of a family of databases: PostgreSQL is one, MySQL with MariaDB another."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection

from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.connecting import Address
from services.anonymize.worker.engines.results import Baseline, Cleaning, Finding, Masked, Quarantined
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.plan import Plan, Trial
from services.anonymize.worker.policy import Policy, Quarantine
from services.anonymize.worker.progress import Tell
from services.anonymize.worker.schema import Schema


class Database(Protocol):
    """A database to work in: its sessions are all set up alike and used again and again."""

    address: Address
    settings: Mapping[str, str]  # RunKey.settings(); empty without a key

    def begin(self) -> AbstractContextManager[Connection]:
        """A session with one transaction, committed at its end."""

    def begin_reading(self) -> AbstractContextManager[Connection]:
        """A session with one transaction in which nothing can be written."""

    def close(self) -> None:
        """End its sessions."""


class Masking(Protocol):
    """One database with every step of masking it, in this order.

    Steps raise MaskingError, and PolicyError where the policy does not fit; both before anything is written
    wherever that is possible.

    A worker can be killed anywhere, and the next one continues. It does again what had not ended of
    everything up to `remember_originals`, and of `clean` and `verify`: these give the same result if they are
    begun anew. `run_script` and `mask` must not do anything twice: what they change and the checkpoint that
    says so are one transaction, or whatever of the family's is atomic (`mask` keeps steps named by
    `checkpoints.of_table` and names of its own). What a step needs to know of an earlier one it keeps as a
    note, in the transaction that makes it true, and not in this object: `finish` may be called in a process
    in which `prepare` was not.
    """

    @property
    def database(self) -> Database:
        """What it works in."""

    @property
    def checkpoints(self) -> Checkpoints:
        """What this worker finds written down, and writes down for the next one."""

    def hold(self, patience: float) -> AbstractContextManager[bool]:
        """Keep every other worker out of the database until the end of the context, by a lock of a session of
        its own: PostgreSQL's advisory lock, MySQL's GET_LOCK. It is named by sql.WORK_SCHEMA.

        Waits for `patience` seconds, in which the server notices that the sessions of a killed worker are
        gone; raises MaskingError if another worker still holds it then. Gives whether it had to wait.
        """

    def check_surroundings(self) -> None:
        """Refuse what the policy does not speak of: other databases with rows on the same server."""

    def discover(self) -> Schema:
        """Read the schema; only the catalog, never a row."""

    def plan(self, policy: Policy, schema: Schema) -> Plan:
        """Say what is done to each table, by a policy resolved for this schema; pure. Raises PolicyError with
        every problem at once."""

    def gain_rights(self, schema: Schema) -> None:
        """Become able to alter every table."""

    def quarantine(self, kept: Quarantine) -> Quarantined:
        """Cut what ties the copy to production."""

    def prepare(self, policy: Policy, schema: Schema, plan: Plan) -> None:
        """Make the checkpoints' tables and what masks call, and look for what the policy does not know;
        nothing is masked yet. It is called again where steps may have changed the schema."""

    def remember_originals(self, policy: Policy, schema: Schema, connections: int) -> Mapping[str, int]:
        """Store keyed digests of what identifies people; return how many of each kind."""

    def originals_there(self, originals: Mapping[str, int]) -> bool:
        """Whether what `remember_originals` stored is still there, as many of each kind as it said."""

    def run_script(self, step: str, file: str, files: Mapping[str, bytes]) -> None:
        """Run the customer's own script once, under the checkpoint `step`; do nothing if it is done.

        SQL that is one transaction runs in one with its checkpoint. Of anything else it is written down that
        it begins, in a transaction of its own before, and that it is done, after; raises MaskingError if an
        earlier worker was killed between the two, because nobody can tell what was done.
        """

    def take_baseline(self, schema: Schema, originals: Mapping[str, int], connections: int) -> Baseline:
        """Count rows and note definitions, right before rules run."""

    def mask(self, plan: Plan, before: Baseline, connections: int, tell: Tell) -> tuple[Masked, ...]:
        """Mask every table of a plan that is not masked yet; return all of them. `tell` hears of tables that
        are done, and of the rows of those that are under way as an estimate, where the family knows one."""

    def clean(self, policy: Policy, schema: Schema, plan: Plan, connections: int, tell: Tell) -> Cleaning:
        """Empty every place where an old value may still stand."""

    def verify(
        self, policy: Policy, schema: Schema, plan: Plan, before: Baseline, connections: int, tell: Tell
    ) -> Sequence[Finding]:
        """Look at the masked database and say what was found, good or bad."""

    def finish(self) -> None:
        """Undo what was lifted for masking and remove the worker's own schema, checkpoints included; in one
        transaction where the family allows it, else the checkpoints last."""

    def failure(self, trial: Trial) -> str | None:
        """Why a trial of the plan fails, as far as may be said; None if it does not."""


class Family(Protocol):
    """What the module of a family of databases offers."""

    def address_of(self, url: str, /) -> Address:
        """Read a database's URL. Raises ConnectionProblemError."""

    def try_login(self, address: Address, /) -> None:
        """Log in and out. Raises ConnectionProblemError."""

    def open_database(self, address: Address, key: RunKey | None = None, /) -> Database:
        """A database with a run's key in every session; without one nothing can be written in it."""

    def masking_of(self, database: Any, /) -> Masking:
        """The steps of masking a database that this module opened."""
