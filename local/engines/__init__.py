"""Database engines behind the emulated RDS: real PostgreSQL and MariaDB, or none for tests of the API."""

from local.engines.both import BothFamilies
from local.engines.detached import remove_detached
from local.engines.mariadb import MariaDBEngines
from local.engines.none import NoEngines
from local.engines.port import Endpoint, EngineError, Engines, NewDatabase, Running, Volume
from local.engines.postgresql import PostgresEngines

__all__ = [
    "BothFamilies",
    "Endpoint",
    "EngineError",
    "Engines",
    "MariaDBEngines",
    "NewDatabase",
    "NoEngines",
    "PostgresEngines",
    "Running",
    "Volume",
    "remove_detached",
]
