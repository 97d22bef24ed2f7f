"""Cleans the instance's other databases: tables, comments and bodies once dropped there left their traces."""

from sqlalchemy import text

from services.anonymize.worker.connecting import ConnectionProblemError
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.discovery import other_databases
from services.anonymize.worker.engines.postgresql.residue.catalogs import rewrite_catalogs
from services.anonymize.worker.engines.postgresql.residue.rights import Remainder, join
from services.anonymize.worker.engines.postgresql.residue.snapshots import wait_for_old_snapshots
from services.anonymize.worker.engines.postgresql.residue.statistics import renew_statistics

_OWNER = """
SELECT rolname, rolsuper FROM pg_database JOIN pg_roles r ON r.oid = datdba
 WHERE datname = current_database()
"""


def clean_other_databases(database: Database) -> Remainder:
    """Renew the statistics and rewrite the catalogs of every other database. None holds a table, or the
    run would not have begun."""
    remainder = Remainder()
    with database.begin() as connection:
        names = other_databases(connection)
    for name in names:
        try:
            with database.another(name) as other:
                found, of_superuser = _clean(other)
        except ConnectionProblemError as problem:
            remainder.beyond.append(f"catalogs of database {name}: {problem}")
        else:
            where = remainder.beyond if of_superuser else remainder.left
            where += [f"database {name}: {said}" for said in found]
    return remainder


def _clean(database: Database) -> tuple[list[str], bool]:
    """Clean one; return what stays, and whether it is a superuser's, which no grant changes."""
    with database.autocommit() as connection:
        owner, superuser = connection.execute(text(_OWNER)).tuples().one()
        if not superuser:
            join(connection, owner, database.address.user)
    found = (
        renew_statistics(database, connections=1),
        Remainder(wait_for_old_snapshots(database)),
        rewrite_catalogs(database),
    )
    return [said for part in found for said in (*part.left, *part.beyond)], superuser
