"""What the emulated RDS asks of an engine, and the values that pass between the two."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class EngineError(RuntimeError):
    """An engine could not be created, started, copied or stopped; the message ends with what its log says."""


@dataclass(frozen=True)
class Volume:
    """One database's storage. `path` is its data directory, or None where there is no real engine."""

    name: str
    path: Path | None


@dataclass(frozen=True)
class NewDatabase:
    """What a database is created with; `engine` is RDS's name of it, like aurora-mysql.

    Without `database_name` only what RDS makes in any case is made: `postgres`, or nothing in MySQL.
    """

    master_username: str
    master_password: str
    database_name: str | None
    engine: str = "postgres"


@dataclass(frozen=True)
class Running:
    """Where an engine answers; `pid` is None where there is no process."""

    port: int
    pid: int | None


@dataclass(frozen=True)
class Endpoint:
    """An engine that was left running: where it answers, and which paths to remove once it is stopped."""

    host: str
    port: int
    data_directory: Path | None
    pid: int | None
    belongings: tuple[Path, ...] = ()


class Engines(Protocol):
    """A family of engines. Every method may be called from several threads, but for one volume at a time.

    Methods raise EngineError when the engine refuses.
    """

    background: bool
    """Whether these methods take long enough to be run in a thread of their own."""

    def address(self, identifier: str, region: str) -> str:
        """The host name under which a database of that name is reached."""

    def supports(self, engine: str) -> bool:
        """Whether databases of this RDS engine name can be created."""

    def reserve_port(self) -> int:
        """A port that nothing uses now; start() takes another one if it is taken by then."""

    def create(self, new: NewDatabase) -> Volume:
        """Make a volume with RDS's roles, a master user and an initial database; not running."""

    def start(self, volume: Volume, port: int) -> Running:
        """Let the engine answer on `port`, or another one if that is taken; a running one is left alone."""

    def stop(self, volume: Volume) -> None:
        """Let nothing answer any more. A stopped engine is left alone."""

    def set_password(self, volume: Volume, role: str, password: str) -> None:
        """Change a role's password, whether the engine is running or not."""

    def snapshot(self, volume: Volume) -> Volume:
        """A consistent copy of a database that may be running meanwhile."""

    def restore(self, snapshot: Volume) -> Volume:
        """A new database's volume from a snapshot; not running."""

    def copy_snapshot(self, snapshot: Volume) -> Volume:
        """Another snapshot with the same content, which outlives the first."""

    def remove(self, volume: Volume) -> None:
        """Stop the engine and forget the volume."""

    def admin_dsn(self, volume: Volume, database_name: str) -> str:
        """Connection string for RDS's own superuser; the engine must be running."""

    def detach(self, volume: Volume) -> Endpoint:
        """Leave this running engine to the operating system when close() is called."""

    def close(self) -> None:
        """Stop and remove everything that was not detached. May be called twice."""
