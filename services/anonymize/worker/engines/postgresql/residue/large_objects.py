"""Drops large objects, which no mask reaches, where the policy says so."""

from sqlalchemy import text

from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.residue.rights import Remainder, attempt, join

_ALL = "SELECT oid, pg_get_userbyid(lomowner) AS owner FROM pg_largeobject_metadata ORDER BY oid"
_AT_ONCE = 1000  # each holds a lock until its transaction ends


def drop_large_objects(database: Database) -> Remainder:
    """Drop every large object; say which could not be dropped."""
    remainder = Remainder()
    with database.autocommit() as connection:
        found = connection.execute(text(_ALL)).tuples().all()
        for owner in sorted({owner for _, owner in found}):
            join(connection, owner, database.address.user)
        for start in range(0, len(found), _AT_ONCE):
            oids = ", ".join(str(oid) for oid, _ in found[start : start + _AT_ONCE])
            unlink = f"SELECT lo_unlink(o) FROM unnest(CAST(ARRAY[{oids}] AS oid[])) AS o"  # noqa: S608
            remainder.left += attempt(connection, [unlink], "large objects")
    return remainder
