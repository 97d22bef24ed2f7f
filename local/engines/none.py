"""No engines: ports and passwords are kept in memory, so that tests do thousands of runs per minute."""

import itertools
from collections.abc import Callable
from typing import Literal

from local.engines.port import Endpoint, EngineError, NewDatabase, Running, Volume
from shared.database.families import is_known

Work = Literal["restore", "copy"]


class NoEngines:
    """Stands where a real engine would; remembers who may log in where, and nothing else."""

    background = False

    def __init__(self) -> None:
        self.fails: Callable[[Work], bool] = lambda _: False
        """Asked before each restore and each copy whether it shall fail, as now and then one does."""
        self._names = itertools.count(1)
        self._ports = itertools.count(20001)
        self._passwords: dict[Volume, dict[str, str]] = {}
        self._running: dict[Volume, Running] = {}

    def address(self, identifier: str, region: str) -> str:
        """A name as RDS makes them; it follows the database's identifier."""
        return f"{identifier}.c9akciq32rxu.{region}.rds.amazonaws.com"

    def supports(self, engine: str) -> bool:
        return is_known(engine)

    def reserve_port(self) -> int:
        return next(self._ports)

    def create(self, new: NewDatabase) -> Volume:
        return self._volume({new.master_username: new.master_password})

    def start(self, volume: Volume, port: int) -> Running:
        self._known(volume)
        return self._running.setdefault(volume, Running(port, None))

    def stop(self, volume: Volume) -> None:
        self._running.pop(volume, None)

    def set_password(self, volume: Volume, role: str, password: str) -> None:
        self._known(volume)[role] = password

    def snapshot(self, volume: Volume) -> Volume:
        return self._volume(dict(self._known(volume)))

    def restore(self, snapshot: Volume) -> Volume:
        self._try("restore", snapshot)
        return self._volume(dict(self._known(snapshot)))

    def copy_snapshot(self, snapshot: Volume) -> Volume:
        self._try("copy", snapshot)
        return self._volume(dict(self._known(snapshot)))

    def remove(self, volume: Volume) -> None:
        self._running.pop(volume, None)
        self._passwords.pop(volume, None)

    def admin_dsn(self, volume: Volume, database_name: str) -> str:
        raise EngineError(
            f"{volume.name}/{database_name} has no real engine: use PostgresEngines to connect to it"
        )

    def detach(self, volume: Volume) -> Endpoint:
        return Endpoint("127.0.0.1", self._running[volume].port, None, None)

    def close(self) -> None:
        self._running.clear()
        self._passwords.clear()

    def login(self, port: int, username: str, password: str) -> bool:
        """Whether a database answers on that port and this password opens it."""
        return any(
            running.port == port and self._passwords[volume].get(username) == password
            for volume, running in self._running.items()
        )

    @property
    def volumes(self) -> int:
        """How many databases and snapshots exist: for tests that look for leftovers."""
        return len(self._passwords)

    def _try(self, work: Work, snapshot: Volume) -> None:
        if self.fails(work):
            raise EngineError(f"the {work} of {snapshot.name} was made to fail")

    def _volume(self, passwords: dict[str, str]) -> Volume:
        volume = Volume(f"volume-{next(self._names)}", None)
        self._passwords[volume] = passwords
        return volume

    def _known(self, volume: Volume) -> dict[str, str]:
        if volume not in self._passwords:
            raise EngineError(f"{volume.name} was removed")
        return self._passwords[volume]
