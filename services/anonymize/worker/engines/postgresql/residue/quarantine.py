"""Cuts what ties the copy to production: logins, secrets for other servers, jobs, replication, whatever runs
by itself.

It comes before masking, because a subscription, a job or an event trigger would write in the middle of it.
What the policy names under `quarantine.keep` stays.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from sqlalchemy import Connection, text

from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.discovery import other_databases
from services.anonymize.worker.engines.postgresql.residue.finding import FINDERS, Tie
from services.anonymize.worker.engines.postgresql.residue.rights import attempt, join
from services.anonymize.worker.engines.results import Cut, Quarantined
from services.anonymize.worker.policy import Quarantine


def quarantine(database: Database, policy: Quarantine) -> Quarantined:
    """Cut every tie of the database, and those of the instance's other databases."""
    cuts = _of_one(database, policy, whole_instance=True)
    with database.begin() as connection:
        names = other_databases(connection)
    for name in names:
        with database.another(name) as other:
            cuts += _of_one(other, policy, whole_instance=False)
    return Quarantined(tuple(cuts))


def _of_one(database: Database, policy: Quarantine, *, whole_instance: bool) -> list[Cut]:
    cuts = []
    for finder in FINDERS:
        if finder.once and not whole_instance:
            continue
        with database.autocommit() as connection:
            ties = finder.find(connection, database.application)
            for tie in ties:
                cuts.append(_cut(connection, database, finder.kind, tie, policy.keep))
    return cuts


def _cut(
    connection: Connection, database: Database, kind: str, tie: Tie, keep: Mapping[str, Iterable[str]]
) -> Cut:
    if any(fnmatchcase(tie.name, pattern) for pattern in keep.get(kind, ())):
        return Cut(kind, tie.name, "kept by the policy")
    if tie.hopeless:
        return Cut(kind, tie.name, "", tie.hopeless)
    beyond = tie.owner is not None and _is_superuser(connection, tie.owner)
    if tie.owner is not None and not beyond:
        join(connection, tie.owner, database.address.user)
    refused = attempt(connection, tie.statements, f"{Quarantine.words(kind)} {tie.name}")
    if refused:
        execute(connection, "RESET ROLE")
    return Cut(kind, tie.name, "" if refused else tie.done, "; ".join(refused), beyond)


def _is_superuser(connection: Connection, role: str) -> bool:
    found: bool | None = connection.execute(
        text("SELECT rolsuper FROM pg_roles WHERE rolname = :role"), {"role": role}
    ).scalar_one_or_none()
    return bool(found)
