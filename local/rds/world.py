"""The emulated RDS as the rest of the local cloud uses it."""

import atexit
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from local.engines import Endpoint, Engines
from local.rds import backend, snapshots
from local.rds.errors import RefusedError
from local.rds.limits import Limits, Usage
from local.rds.model import Database, Place
from local.rds.names import INSTANCE, Kind
from local.rds.state import Call, State, volume_of
from local.rds.timings import Timings


class DatabaseSummary(NamedTuple):
    """One database of an account; `port` and `data_directory` are None while there is none, or no engine."""

    identifier: str
    kind: Kind
    status: str
    port: int | None
    data_directory: Path | None


class RdsWorld:
    """RDS for any number of accounts and regions of one process; `clock` returns seconds since the epoch."""

    def __init__(
        self,
        engines: Engines,
        timings: Timings,
        clock: Callable[[], float] = time.time,
        limits: Limits | None = None,
    ) -> None:
        self.engines = engines
        self._state = State(engines, timings, limits or Limits(), clock)
        self._closed = False

    def install(self) -> None:
        """Make moto use this world in the whole process; before a moto server gets its first request."""
        backend.install(self._state)
        atexit.register(self.close)

    def uninstall(self) -> None:
        """Give RDS back to moto, which starts with nothing; this world is closed."""
        backend.uninstall()
        self.close()

    def settle(self) -> None:
        """Let everything happen that is due by the clock; every API call does so first."""
        with self._state.lock:
            self._state.settle()

    @property
    def limits(self) -> Limits:
        """The quotas of every account; new ones count from the next call on, as after a quota increase."""
        return self._state.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        with self._state.lock:
            self._state.limits = limits

    def usage(self, account_id: str) -> Usage:
        """How much of each quota an account uses now, in all regions."""
        with self._state.lock:
            self._state.settle()
            registry = self._state.registry
            databases = [d for d in registry.databases() if d.place.account == account_id]
            manual = [s for s in registry.snapshots() if s.place.account == account_id and not s.automated]
            return Usage(
                instances=sum(d.kind is Kind.INSTANCE for d in databases),
                clusters=sum(d.kind is Kind.CLUSTER for d in databases),
                instance_snapshots=sum(s.kind is Kind.INSTANCE for s in manual),
                cluster_snapshots=sum(s.kind is Kind.CLUSTER for s in manual),
                instance_copies=sum(s.kind is Kind.INSTANCE and s.copying for s in manual),
                cluster_copies=sum(s.kind is Kind.CLUSTER and s.copying for s in manual),
            )

    def automated_snapshot(self, account_id: str, region: str, identifier: str) -> str:
        """Take tonight's backup of an available instance or cluster now; returns the snapshot's identifier.

        Raises RefusedError when there is no such database, it is busy, or has a backup of this very minute.
        """
        place = Place(account_id, region)
        with self._state.lock:
            self._state.settle()
            snapshot = snapshots.take_automated(
                Call(self._state, place, {}), self._database(account_id, identifier, region)
            )
            self._state.settle()
            return snapshot.identifier

    def databases(self, account_id: str) -> list[DatabaseSummary]:
        """Every instance and cluster of an account in all regions: where to look for leftovers."""
        with self._state.lock:
            self._state.settle()
            return [_summary(d) for d in self._state.registry.databases() if d.place.account == account_id]

    def admin_dsn(self, account_id: str, identifier: str, dbname: str) -> str:
        """Connection string for RDS's own superuser, over a socket that only this user and root can open."""
        with self._state.lock:
            database = self._database(account_id, identifier)
            return self.engines.admin_dsn(volume_of(database.storage), dbname)

    def detach(self, account_id: str, identifier: str) -> Endpoint:
        """Leave this engine running when the process ends; `local.engines.remove_detached` puts it away."""
        with self._state.lock:
            return self.engines.detach(volume_of(self._database(account_id, identifier).storage))

    def close(self) -> None:
        """Stop every engine that was not detached and remove its files. May be called twice."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._state.close()
        self.engines.close()

    def _database(self, account_id: str, identifier: str, region: str | None = None) -> Database:
        for database in self._state.registry.databases():
            if (database.place.account, database.identifier) == (account_id, identifier) and region in (
                None,
                database.place.region,
            ):
                return database
        raise RefusedError(INSTANCE.not_found, f"no instance or cluster {identifier} in account {account_id}")


def _summary(database: Database) -> DatabaseSummary:
    running, volume = database.storage.running, database.storage.volume
    return DatabaseSummary(
        identifier=database.identifier,
        kind=database.kind,
        status=database.status,
        port=running.port if running else None,
        data_directory=volume.path if volume else None,
    )
