"""Which databases and snapshots exist under which names."""

from collections.abc import Iterator

from local.rds.errors import RefusedError
from local.rds.model import Database, Place, Snapshot
from local.rds.names import CLUSTER, INSTANCE, Kind, Names


class Registry:
    """Databases and snapshots by account, region, kind and identifier; lookups refuse as RDS does."""

    def __init__(self) -> None:
        self._databases: dict[tuple[Place, Kind, str], Database] = {}
        self._reserved: set[tuple[Place, Kind, str]] = set()  # new names of renames under way
        self._snapshots: dict[tuple[Place, Kind, str], Snapshot] = {}

    def databases(self, kind: Kind | None = None, place: Place | None = None) -> list[Database]:
        return [
            database
            for database in self._databases.values()
            if kind in (None, database.kind) and place in (None, database.place)
        ]

    def snapshots(self, kind: Kind | None = None, place: Place | None = None) -> list[Snapshot]:
        return [
            snapshot
            for snapshot in self._snapshots.values()
            if kind in (None, snapshot.kind) and place in (None, snapshot.place)
        ]

    def database(self, place: Place, names: Names, name: str) -> Database:
        """The database of that identifier or ARN, or the kind's refusal."""
        found = self._databases.get((place, names.kind, _local_name(place, names.arn, name)))
        if found is None:
            raise RefusedError(names.not_found, f"{names.database} {name} not found.")
        return found

    def snapshot(self, place: Place, names: Names, name: str) -> Snapshot:
        """The account's own snapshot of that identifier or ARN, or a shared one by its ARN, or a refusal."""
        for snapshot in self.snapshots(names.kind):
            own = snapshot.place == place and name.lower() in (snapshot.identifier, snapshot.arn)
            if own or (name == snapshot.arn and snapshot.visible_to(place)):
                return snapshot
        raise RefusedError(names.snapshot_not_found, f"{names.snapshot} not found: {name}")

    def own_snapshot(self, place: Place, names: Names, name: str) -> Snapshot:
        """As snapshot(), for calls that only the owner may make."""
        snapshot = self.snapshot(place, names, name)
        if snapshot.place != place:
            raise RefusedError(names.snapshot_not_found, f"{names.snapshot} not found: {name}")
        return snapshot

    def members(self, cluster: Database) -> list[Database]:
        """The instances that serve a cluster, oldest first."""
        return [database for database in self._databases.values() if database.cluster is cluster]

    def ensure_free(self, place: Place, names: Names, identifier: str) -> None:
        """Refuse a name that is taken: also while its database is still being deleted or renamed."""
        key = (place, names.kind, identifier)
        if key in self._databases or key in self._reserved:
            raise RefusedError(names.already_exists, f"{names.database} already exists: {identifier}")

    def ensure_snapshot_free(self, place: Place, names: Names, identifier: str) -> None:
        if (place, names.kind, identifier) in self._snapshots:
            raise RefusedError(
                names.snapshot_already_exists,
                f"Cannot create the snapshot because one with the identifier {identifier} already exists.",
            )

    def add(self, database: Database) -> None:
        self._databases[_key(database)] = database

    def forget(self, database: Database) -> None:
        self._databases.pop(_key(database), None)

    def reserve(self, database: Database, identifier: str) -> None:
        self._reserved.add((database.place, database.kind, identifier))

    def rename(self, database: Database, identifier: str) -> None:
        """Give a database the name that reserve() kept for it; the old one is free from now on."""
        del self._databases[_key(database)]
        database.identifier = identifier
        self._reserved.discard(_key(database))
        self._databases[_key(database)] = database

    def add_snapshot(self, snapshot: Snapshot) -> None:
        self._snapshots[snapshot.place, snapshot.kind, snapshot.identifier] = snapshot

    def forget_snapshot(self, snapshot: Snapshot) -> None:
        self._snapshots.pop((snapshot.place, snapshot.kind, snapshot.identifier), None)

    def by_arn(self, place: Place, arn: str) -> Database | Snapshot | None:
        """The account's own resource of that ARN, or a refusal; None for what this package does not keep."""
        word = arn.split(":")[5] if arn.count(":") >= 6 else ""
        for names in (INSTANCE, CLUSTER):
            if word == names.arn:
                return self.database(place, names, arn)
            if word == names.snapshot_arn:
                for snapshot in self.snapshots(names.kind, place):
                    if snapshot.arn == arn:
                        return snapshot
                # The model has no cluster snapshot code for the tag operations.
                raise RefusedError(INSTANCE.snapshot_not_found, f"{names.snapshot} not found: {arn}")
        return None

    def everything(self) -> Iterator[Database | Snapshot]:
        yield from list(self._databases.values())
        yield from list(self._snapshots.values())


def _key(database: Database) -> tuple[Place, Kind, str]:
    return database.place, database.kind, database.identifier


def _local_name(place: Place, word: str, name: str) -> str:
    return name.removeprefix(f"{place.arn}:{word}:").lower()
