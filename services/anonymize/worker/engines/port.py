"""What masking asks of a family of databases: PostgreSQL is one, MySQL with MariaDB another."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection

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

    def begin(self) -> AbstractContextManager[Connection]:
        """A session with one transaction, committed at its end."""

    def close(self) -> None:
        """End its sessions."""


class Masking(Protocol):
    """One database with every step of masking it, called once each and in this order.

    Steps raise MaskingError, and PolicyError where the policy does not fit; both before anything is written
    wherever that is possible.
    """

    @property
    def database(self) -> Database:
        """What it works in."""

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
        """Make what masks call, and look for what the policy does not know; nothing is masked yet."""

    def remember_originals(self, policy: Policy, schema: Schema, connections: int) -> Mapping[str, int]:
        """Store keyed digests of what identifies people; return how many of each kind."""

    def run_script(self, file: str, files: Mapping[str, bytes]) -> None:
        """Run the customer's own script."""

    def take_baseline(self, schema: Schema, originals: Mapping[str, int], connections: int) -> Baseline:
        """Count rows and note definitions, right before rules run."""

    def mask(self, plan: Plan, before: Baseline, connections: int, tell: Tell) -> tuple[Masked, ...]:
        """Mask every table of a plan."""

    def clean(self, policy: Policy, schema: Schema, plan: Plan, connections: int, tell: Tell) -> Cleaning:
        """Empty every place where an old value may still stand."""

    def verify(
        self, policy: Policy, schema: Schema, plan: Plan, before: Baseline, connections: int, tell: Tell
    ) -> Sequence[Finding]:
        """Look at the masked database and say what was found, good or bad."""

    def finish(self) -> None:
        """Remove what masking made for itself."""

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
