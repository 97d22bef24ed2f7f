"""PostgreSQL: how it is opened, read, masked, cleaned and verified."""

from services.anonymize.worker.connecting import Address
from services.anonymize.worker.engines.postgresql.connecting import Database, address_of, open_connection
from services.anonymize.worker.engines.postgresql.engine import PostgreSQL
from services.anonymize.worker.engines.postgresql.planning import make_plan
from services.anonymize.worker.engines.postgresql.previewing import preview
from services.anonymize.worker.engines.postgresql.sampling import sampling
from services.anonymize.worker.keys import RunKey

__all__ = ["address_of", "make_plan", "masking_of", "open_database", "preview", "sampling", "try_login"]


def open_database(address: Address, key: RunKey | None = None) -> Database:
    """A database with a run's key in every session; without one nothing can be written in it."""
    return Database(address, key.settings() if key else None, read_only=key is None)


def masking_of(database: Database) -> PostgreSQL:
    """The steps of masking an open database."""
    return PostgreSQL(database)


def try_login(address: Address) -> None:
    """Log in and out. Raises ConnectionProblemError."""
    open_connection(address).close()
