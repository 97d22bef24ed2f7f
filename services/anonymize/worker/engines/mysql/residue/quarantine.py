"""Cuts what ties the copy to production: logins, secrets for other servers, events, replication.

It comes before masking, because an event or a replica would write in the middle of it. What the policy names
under `quarantine.keep` stays.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from sqlalchemy import Connection

from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.finding import FINDERS, Tie
from services.anonymize.worker.engines.mysql.residue.rights import attempt_any
from services.anonymize.worker.engines.results import Cut, Quarantined
from services.anonymize.worker.policy import Quarantine


def quarantine(database: Database, policy: Quarantine) -> Quarantined:
    """Cut every tie of the server, whose databases are one in this."""
    cuts = []
    with database.autocommit() as connection:
        for finder in FINDERS:
            for tie in finder.find(connection, database):
                cuts.append(_cut(connection, finder.kind, tie, policy.keep))
    return Quarantined(tuple(cuts))


def _cut(connection: Connection, kind: str, tie: Tie, keep: Mapping[str, Iterable[str]]) -> Cut:
    if any(fnmatchcase(tie.name, pattern) for pattern in keep.get(kind, ())):
        return Cut(kind, tie.name, "kept by the policy")
    if tie.hopeless:
        return Cut(kind, tie.name, "", tie.hopeless, tie.beyond)
    refused = attempt_any(connection, tie.ways, f"{Quarantine.words(kind)} {tie.name}")
    return Cut(kind, tie.name, "" if refused else tie.done, "; ".join(refused))
