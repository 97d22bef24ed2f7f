"""Databases and snapshots as RDS remembers them."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from local.engines import Running, Volume
from local.rds.names import NAMES, Kind, Names
from local.rds.timeline import Timeline


@dataclass(frozen=True)
class Place:
    """An account in a region: RDS keeps everything apart by the two."""

    account: str
    region: str

    @property
    def arn(self) -> str:
        """What the ARNs of everything in it begin with."""
        return f"arn:aws:rds:{self.region}:{self.account}"


@dataclass(frozen=True)
class Origin:
    """What a snapshot, and every copy of it, remembers of the database it was taken from."""

    identifier: str
    resource_id: str
    engine: str
    engine_version: str
    master_username: str
    database_name: str | None
    created: float
    port: int
    backup_retention: int
    settings: dict[str, Any]
    tags: dict[str, str]


@dataclass(eq=False)
class Database:
    """An instance or a cluster. An instance with a `cluster` serves its data and has none itself."""

    kind: Kind
    place: Place
    identifier: str
    resource_id: str
    engine: str
    engine_version: str
    master_username: str
    database_name: str | None
    kms_key: str | None
    created: float
    port: int
    backup_retention: int
    deletion_protection: bool
    tags: dict[str, str]
    settings: dict[str, Any]
    timeline: Timeline
    cluster: "Database | None" = None
    pending: dict[str, Any] = field(default_factory=dict)
    volume: Volume | None = None
    running: Running | None = None
    work: "Future[None] | None" = None  # the latest thing done to the volume; the next waits for it
    delete_automated_backups: bool = True

    @property
    def names(self) -> Names:
        return NAMES[self.kind]

    @property
    def status(self) -> str:
        return self.timeline.status

    @property
    def arn(self) -> str:
        return f"{self.place.arn}:{self.names.arn}:{self.identifier}"

    @property
    def storage(self) -> "Database":
        """The database that owns the data: the cluster of a member, otherwise itself."""
        return self.cluster or self


@dataclass(eq=False)
class Snapshot:
    """A snapshot of either kind. A copy is `taken` anew and keeps `originally_taken`."""

    kind: Kind
    place: Place
    identifier: str
    automated: bool
    origin: Origin
    kms_key: str | None
    taken: float
    originally_taken: float
    tags: dict[str, str]
    timeline: Timeline
    source_arn: str | None = None
    copied_from: "Snapshot | None" = None  # while the copy is in flight
    shared_with: set[str] = field(default_factory=set)
    volume: Volume | None = None
    work: "Future[None] | None" = None

    @property
    def names(self) -> Names:
        return NAMES[self.kind]

    @property
    def status(self) -> str:
        return self.timeline.status

    @property
    def arn(self) -> str:
        return f"{self.place.arn}:{self.names.snapshot_arn}:{self.identifier}"

    @property
    def copying(self) -> bool:
        """Whether it is a copy that is still in flight."""
        return self.copied_from is not None and not self.timeline.at_rest

    def visible_to(self, place: Place) -> bool:
        """Whether an account may copy or restore it: its owner, and those it is shared with."""
        if place.region != self.place.region:
            return False
        return place.account == self.place.account or bool(self.shared_with & {place.account, "all"})
