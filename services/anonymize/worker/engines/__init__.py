"""The families of databases that are masked, told apart by the address."""

from services.anonymize.worker.connecting import Address, ConnectionProblemError
from services.anonymize.worker.engines import postgresql
from services.anonymize.worker.engines.port import Database, Family, Masking
from services.anonymize.worker.keys import RunKey

__all__ = ["FAMILIES", "Database", "Masking", "address_of", "masking_of", "open_database", "try_login"]

FAMILIES: dict[str, Family] = {"postgresql": postgresql}
SCHEMES = {"postgresql": "postgresql", "postgres": "postgresql"}


def address_of(url: str) -> Address:
    """Read a database's URL. Raises ConnectionProblemError."""
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise ConnectionProblemError(
            f"{scheme or 'the URL'} is no URL of a database; write postgresql://user@host:port/database"
        )
    return FAMILIES[SCHEMES[scheme]].address_of(url)


def open_database(address: Address, key: RunKey | None = None) -> Database:
    """A database with a run's key in every session; without one nothing can be written in it."""
    return FAMILIES[address.family].open_database(address, key)


def masking_of(database: Database) -> Masking:
    """The steps of masking an open database."""
    return FAMILIES[database.address.family].masking_of(database)


def try_login(address: Address) -> None:
    """Log in and out. Raises ConnectionProblemError."""
    FAMILIES[address.family].try_login(address)
