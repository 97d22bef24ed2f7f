"""MySQL and MariaDB: how they are opened, read, masked, cleaned and verified."""

from services.anonymize.worker.connecting import Address
from services.anonymize.worker.engines.mysql.connecting import (
    Database,
    address_of,
    only_database,
    open_connection,
)
from services.anonymize.worker.engines.mysql.engine import MySQL
from services.anonymize.worker.engines.mysql.planning import make_plan
from services.anonymize.worker.engines.mysql.previewing import preview
from services.anonymize.worker.engines.mysql.sampling import sampling
from services.anonymize.worker.keys import RunKey

__all__ = [
    "address_of",
    "make_plan",
    "masking_of",
    "open_database",
    "preview",
    "sampling",
    "try_login",
]


def open_database(address: Address, key: RunKey | None = None) -> Database:
    """A database with a run's key in every session; without one nothing can be written in it. An address
    without a database is for the only one that the server has. Raises ConnectionProblemError."""
    return Database(only_database(address), key.settings() if key else None, read_only=key is None)


def masking_of(database: Database) -> MySQL:
    """The steps of masking an open database."""
    return MySQL(database)


def try_login(address: Address) -> None:
    """Log in and out. Raises ConnectionProblemError."""
    open_connection(address).close()
