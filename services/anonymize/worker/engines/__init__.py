"""The families of databases that are masked, told apart by the address."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from services.anonymize.worker.connecting import Address, ConnectionProblemError
from services.anonymize.worker.engines import mysql, postgresql
from services.anonymize.worker.engines.port import Database, Family, Masking
from services.anonymize.worker.engines.results import PreviewRow
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.samples import Sampler
from services.anonymize.worker.schema import Schema, Table

__all__ = [
    "FAMILIES",
    "Database",
    "Masking",
    "address_of",
    "masking_of",
    "open_database",
    "plan_for",
    "preview",
    "sampling_of",
    "try_login",
]

# What each family offers. A preview or a sample that a family does not have is refused by name.
FAMILIES: dict[str, Family] = {"postgresql": postgresql, "mysql": mysql}
PLANNERS: dict[str, Callable[[Policy, Schema], Plan]] = {
    "postgresql": postgresql.make_plan,
    "mysql": mysql.make_plan,
}
PREVIEWS: dict[str, Callable[..., tuple[PreviewRow, ...]]] = {
    "postgresql": postgresql.preview,
    "mysql": mysql.preview,
}
SAMPLINGS: dict[str, Callable[[Address], AbstractContextManager[tuple[Schema, Sampler]]]] = {
    "postgresql": postgresql.sampling,
    "mysql": mysql.sampling,
}
PREVIEW_KEY = RunKey(b"snapveil preview: known to everybody")
SCHEMES = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "mysql+pymysql": "mysql",
}


def address_of(url: str) -> Address:
    """Read a database's URL. Raises ConnectionProblemError."""
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise ConnectionProblemError(
            f"{scheme or 'the URL'} is no URL of a database; write postgresql://user@host:port/database"
            " or mysql://user@host:port/database"
        )
    return FAMILIES[SCHEMES[scheme]].address_of(url)


def open_database(address: Address, key: RunKey | None = None) -> Database:
    """A database with a run's key in every session; without one nothing can be written in it."""
    return FAMILIES[address.family].open_database(address, key)


def masking_of(database: Database) -> Masking:
    """The steps of masking an open database."""
    return FAMILIES[database.address.family].masking_of(database)


def plan_for(family: str, policy: Policy, schema: Schema) -> Plan:
    """Plan the masking of a schema by a policy resolved for it; pure. Raises PolicyError with every problem
    at once."""
    return PLANNERS[family](policy, schema)


def sampling_of(address: Address) -> AbstractContextManager[tuple[Schema, Sampler]]:
    """A database's schema and a look at a sample of its rows; nothing is written. Raises
    ConnectionProblemError."""
    if address.family not in SAMPLINGS:
        raise ConnectionProblemError(f"{address.family}: no first policy can be suggested; write one by hand")
    return SAMPLINGS[address.family](address)


def preview(
    address: Address, policy: Policy, schema: Schema, table: Table, columns: Sequence[str], rows: int
) -> tuple[PreviewRow, ...]:
    """Return a few rows of a table before and after, under a key that is for previews only; nothing stays
    written. Raises MaskingError where the database or its family does not allow it."""
    if address.family not in PREVIEWS:
        raise MaskingError(f"{address.family}: a preview would leave functions behind; try it on a copy")
    return PREVIEWS[address.family](address, PREVIEW_KEY, policy, schema, table, columns, rows)


def try_login(address: Address) -> None:
    """Log in and out. Raises ConnectionProblemError."""
    FAMILIES[address.family].try_login(address)
