"""An account's copies and databases in memory, and a ledger that keeps what a sweep writes there."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from botocore.exceptions import ClientError

from shared import names
from shared.database.port import Database, Databases, Kind, Snapshot
from shared.records import Delivery, Sighting
from tests.builders import DEVELOPMENT, NOW, a_database, a_snapshot
from tests.services.test_receiver_siblings import LedgerInMemory

TARGET = "snapveil-dev-shop-fr"


class Books(LedgerInMemory):
    """A ledger in memory that keeps what a sweep writes, too."""

    def __init__(self) -> None:
        super().__init__()
        self.sightings: dict[str, Sighting] = {}
        self.lines: list[tuple[str, str, str]] = []

    def sighting(self, copy: str) -> Sighting | None:
        return self.sightings.get(copy)

    def record_sighting(self, copy: str, sighting: Sighting) -> None:
        self.sightings[copy] = sighting

    def note(self, subject: str, step: str, what: str, why: str) -> None:
        self.lines.append((subject, what, why))

    def delivered(self, run: str, at: datetime = NOW) -> None:
        self.deliveries[run, "", ""] = Delivery(replaced_at=at, password_set_for="db-" + run)


class Holding:
    """The instances and snapshots of an account; deleting some of them is refused."""

    kind = Kind.INSTANCE

    def __init__(self, copies: Iterable[Snapshot], standing: Iterable[Database] = ()) -> None:
        self.copies = {one.name: one for one in copies}
        self.standing = {one.name: one for one in standing}
        self.refused: set[str] = set()
        self.lost: set[str] = set()

    def find(self, name: str) -> Database | None:
        return self.standing.get(name)

    def find_snapshot(self, name: str) -> Snapshot | None:
        return self.copies.get(name)

    def named(self, prefix: str) -> list[Database]:
        return [one for one in self.standing.values() if one.name.startswith(prefix)]

    def snapshots_named(self, prefix: str) -> list[Snapshot]:
        return [one for one in self.copies.values() if one.name.startswith(prefix)]

    def delete(self, database: Database) -> None:
        self._delete(database.name, self.standing)

    def delete_snapshot(self, snapshot: Snapshot) -> None:
        self._delete(snapshot.name, self.copies)

    def _delete(self, name: str, where: dict[str, Any]) -> None:
        if name not in self.refused:
            del where[name]
        if name in self.refused | self.lost:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Delete")

    @property
    def ports(self) -> dict[Kind, Databases]:
        return {Kind.INSTANCE: cast("Databases", self)}


def copy_of(run: str, status: str = "available", **says: Any) -> Snapshot:
    made = names.data_of(run) if status == "available" else None
    says = {"created_at": made, "arn": f"arn:aws:rds:x:{DEVELOPMENT}:snapshot:x"} | says
    return a_snapshot(names.development_copy(run), status, **says)


def built_from(run: str, name: str = TARGET, **says: Any) -> Database:
    tags = {names.RUN_ID_TAG: run}
    return a_database(name, **{"resource_id": "db-" + run, "tags": tags} | says)
