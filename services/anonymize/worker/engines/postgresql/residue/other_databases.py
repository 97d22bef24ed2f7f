"""Cleans the catalogs of the instance's other databases: a table once dropped there left its histograms."""

from services.anonymize.worker.connecting import ConnectionProblemError
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.discovery import other_databases
from services.anonymize.worker.engines.postgresql.residue.catalogs import rewrite_catalogs
from services.anonymize.worker.engines.postgresql.residue.rights import Remainder


def clean_other_databases(database: Database) -> Remainder:
    """Rewrite the catalogs of every other database. None holds a table, or the run would not have begun."""
    remainder = Remainder()
    with database.begin() as connection:
        names = other_databases(connection)
    for name in names:
        try:
            with database.another(name) as other:
                found = rewrite_catalogs(other)
        except ConnectionProblemError as problem:
            remainder.beyond.append(f"catalogs of database {name}: {problem}")
        else:
            remainder.beyond += found.left
    return remainder
