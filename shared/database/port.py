"""The port to databases and snapshots: what a stage sees and what it may ask for, whatever the kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """The two RDS APIs: they differ in every name and error code."""

    INSTANCE = "instance"
    CLUSTER = "cluster"


class Condition(StrEnum):
    """What a status means to someone who waits."""

    READY = "ready"
    PENDING = "pending"
    FAILED = "failed"
    DELETING = "deleting"


class Origin(StrEnum):
    """Who made a snapshot, as the reader's account sees it."""

    AUTOMATED = "automated"
    MANUAL = "manual"
    SHARED = "shared"


@dataclass(frozen=True)
class Endpoint:
    """Where a database answers."""

    host: str
    port: int


@dataclass(frozen=True)
class Database:
    """A database as one describe call shows it; a cluster together with its one instance."""

    name: str
    kind: Kind
    status: str
    condition: Condition
    resource_id: str
    arn: str
    engine: str
    engine_version: str
    master_username: str
    database_name: str | None
    endpoint: Endpoint | None = None
    has_instance: bool = True
    pending_changes: bool = False
    deletion_protection: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as one describe call shows it; `created_at` is None while RDS still makes it."""

    name: str
    kind: Kind
    status: str
    condition: Condition
    arn: str
    origin: Origin
    database: str
    database_resource_id: str | None
    engine: str
    engine_version: str
    encrypted: bool
    created_at: datetime | None = None
    kms_key: str | None = None
    percent: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The account that owns it, from the ARN."""
        return self.arn.split(":")[4]


@dataclass(frozen=True)
class Placement:
    """Where and how a database is restored: everything that RDS would otherwise fill with a default."""

    instance_class: str
    subnet_group: str | None = None
    security_groups: tuple[str, ...] = ()
    parameter_group: str | None = None
    kms_key: str | None = None
    storage_type: str | None = None
    deletion_protection: bool = False


class Databases(Protocol):
    """RDS for one kind of database, in one account and region.

    Every changing call first passes the guard (prefix, account, run tag) and raises GuardError; botocore's
    ClientError passes through to the runtime, which knows what each code means.
    """

    kind: Kind

    def find(self, name: str) -> Database | None: ...

    def named(self, prefix: str) -> Iterable[Database]: ...

    def restore(
        self, snapshot: Snapshot, into: str, placement: Placement, tags: Mapping[str, str]
    ) -> None: ...

    def add_instance(self, database: Database, placement: Placement, tags: Mapping[str, str]) -> None: ...

    def set_master_password(self, database: Database, password: str) -> None: ...

    def rename(self, database: Database, to: str) -> None: ...

    def delete(self, database: Database) -> None: ...

    def find_snapshot(self, name: str) -> Snapshot | None: ...

    def snapshots_of(self, database: str) -> Iterable[Snapshot]: ...

    def snapshots_named(self, prefix: str) -> Iterable[Snapshot]: ...

    def shared_snapshots(self) -> Iterable[Snapshot]: ...

    def create_snapshot(self, database: Database, name: str, tags: Mapping[str, str]) -> None: ...

    def copy_snapshot(self, snapshot: Snapshot, name: str, kms_key: str, tags: Mapping[str, str]) -> None: ...

    def shared_with(self, snapshot: Snapshot) -> frozenset[str]: ...

    def share(self, snapshot: Snapshot, accounts: Iterable[str]) -> None: ...

    def unshare(self, snapshot: Snapshot, accounts: Iterable[str]) -> None: ...

    def delete_snapshot(self, snapshot: Snapshot) -> None: ...
