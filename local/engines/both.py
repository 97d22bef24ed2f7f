"""All engines at once: RDS's engine name decides which one a new database gets."""

import threading
from pathlib import Path

from local.engines.mariadb import MariaDBEngines
from local.engines.mysql import MySQLEngines
from local.engines.port import Endpoint, EngineError, Engines, NewDatabase, Running, Volume
from local.engines.postgresql import PostgresEngines
from local.engines.served import HOST, free_port
from local.engines.server_programs import MYSQL, is_here


class BothFamilies:
    """PostgreSQL, MariaDB and MySQL, each for the engines that RDS calls so, and for Aurora's.

    Where no MySQL was unpacked or installed, MariaDB serves mysql and aurora-mysql as well. A family is set
    up when its first database is made: who runs no MariaDB needs none on his machine.
    """

    background = True

    def __init__(self, root: Path, database_bytes: int | None = None) -> None:
        self._given = root, database_bytes
        self._families: dict[type[Engines], PostgresEngines | MariaDBEngines] = {}
        self._homes: dict[Volume, Engines] = {}
        self._lock = threading.Lock()

    def address(self, identifier: str, region: str) -> str:
        return HOST

    def supports(self, engine: str) -> bool:
        return _family(engine) is not None

    def reserve_port(self) -> int:
        return free_port()

    def set_up(self, engine: str) -> None:
        """Find what databases of this engine need. Raises EngineError, which says what to install."""
        self._engines(engine)

    def prepare(self, engine: str) -> None:
        """Make what every new database of an engine's family is a copy of, for whoever has time now."""
        self._engines(engine).prepare()

    def create(self, new: NewDatabase) -> Volume:
        engines = self._engines(new.engine)
        return self._keep(engines.create(new), engines)

    def start(self, volume: Volume, port: int) -> Running:
        return self._home(volume).start(volume, port)

    def stop(self, volume: Volume) -> None:
        self._home(volume).stop(volume)

    def set_password(self, volume: Volume, role: str, password: str) -> None:
        self._home(volume).set_password(volume, role, password)

    def snapshot(self, volume: Volume) -> Volume:
        return self._keep(self._home(volume).snapshot(volume), self._home(volume))

    def restore(self, snapshot: Volume) -> Volume:
        return self._keep(self._home(snapshot).restore(snapshot), self._home(snapshot))

    def copy_snapshot(self, snapshot: Volume) -> Volume:
        return self._keep(self._home(snapshot).copy_snapshot(snapshot), self._home(snapshot))

    def remove(self, volume: Volume) -> None:
        self._home(volume).remove(volume)
        del self._homes[volume]

    def admin_dsn(self, volume: Volume, database_name: str) -> str:
        return self._home(volume).admin_dsn(volume, database_name)

    def detach(self, volume: Volume) -> Endpoint:
        return self._home(volume).detach(volume)

    def close(self) -> None:
        for engines in self._families.values():
            engines.close()

    def _engines(self, engine: str) -> PostgresEngines | MariaDBEngines:
        family = _family(engine)
        if family is None:
            raise EngineError(f"there is no engine here for {engine}")
        with self._lock:
            if family not in self._families:
                self._families[family] = family(*self._given)
            return self._families[family]

    def _keep(self, volume: Volume, engines: Engines) -> Volume:
        self._homes[volume] = engines
        return volume

    def _home(self, volume: Volume) -> Engines:
        try:
            return self._homes[volume]
        except KeyError:
            raise EngineError(f"{volume.name} was removed, or was not made by these engines") from None


def _family(engine: str) -> type[PostgresEngines] | type[MariaDBEngines] | None:
    if engine in MySQLEngines.engine_names and is_here(MYSQL):
        return MySQLEngines
    if engine in PostgresEngines.engine_names:
        return PostgresEngines
    return MariaDBEngines if engine in MariaDBEngines.engine_names else None
