"""Parameter group families: which engine one belongs to, its port, and what is set for it."""

import re
from dataclasses import dataclass, replace

from shared.database.port import Kind

_FAMILY = re.compile(r"(?P<aurora>aurora-)?(?P<engine>postgres|postgresql|mysql|mariadb)(?P<version>[0-9.]+)")


Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Engine:
    """What a database engine needs of a network and a parameter group.

    Any database of Snapveil's is `secure`; one in which masking happens is `quiet` too, and has such `logs`
    of its own as masking can write over.
    """

    port: int
    quiet: Parameters
    secure: Parameters
    families: str
    logs: Parameters = ()


# Statement logging is off because masking statements and failing rows hold personal data: PostgreSQL logs the
# statement of every error unless log_min_error_statement is raised. Nothing is preloaded that could act by
# itself (pg_cron), and MySQL's scheduler rests, because the jobs inside are production's.
_POSTGRES_SECURE = (("rds.force_ssl", "1"),)
_POSTGRES_QUIET = (
    ("log_statement", "none"),
    ("log_min_duration_statement", "-1"),
    ("log_min_error_statement", "panic"),
    ("shared_preload_libraries", "pg_stat_statements"),
)
_MYSQL_SECURE = (("require_secure_transport", "1"), ("event_scheduler", "OFF"))
_AURORA_MYSQL_SECURE = (("require_secure_transport", "ON"), ("event_scheduler", "OFF"))  # RDS writes it 1
_MYSQL_QUIET = (("general_log", "0"), ("slow_query_log", "0"))

# Cleaning writes once over a database's log, so that the log's length is what this costs.
# PostgreSQL, in MB: what RDS has by default, said here so that no version of it changes the cost; masking was
# measured with it. Segments are of 64 MB, and the smaller number has to hold two.
_POSTGRES_LOGS = (("max_wal_size", "2048"), ("min_wal_size", "192"))
# RDS writes statements into MySQL's binary log by default (MIXED). A copy has none, being restored without
# backups; if somebody switches them on, no statement of masking gets into it.
_MYSQL_LOGS = (("binlog_format", "ROW"),)
# MySQL 8.4 has ROW by default, and the parameter is deprecated. RDS makes its redo log larger with the class:
# half a GB a vCPU, 16 GB at most, and cleaning would have to write 35 (Amazon RDS User Guide, "Configuring
# buffer pool size and redo log capacity in MySQL 8.4").
_MYSQL_84_LOGS = (("innodb_redo_log_capacity", str(2**30)),)
# Aurora cannot be without backups; its binary log depends on this alone. ROW would switch it on.
_AURORA_MYSQL_LOGS = (("binlog_format", "OFF"),)

_ENGINES = {
    (Kind.INSTANCE, "postgres"): Engine(
        5432, _POSTGRES_QUIET, _POSTGRES_SECURE, "^postgres[0-9]+$", _POSTGRES_LOGS
    ),
    (Kind.CLUSTER, "postgresql"): Engine(
        5432, _POSTGRES_QUIET, _POSTGRES_SECURE, "^aurora-postgresql[0-9]+$"
    ),
    (Kind.INSTANCE, "mysql"): Engine(3306, _MYSQL_QUIET, _MYSQL_SECURE, "^mysql[0-9.]+$", _MYSQL_LOGS),
    (Kind.INSTANCE, "mariadb"): Engine(3306, _MYSQL_QUIET, _MYSQL_SECURE, "^mariadb[0-9.]+$", _MYSQL_LOGS),
    (Kind.CLUSTER, "mysql"): Engine(
        3306, _MYSQL_QUIET, _AURORA_MYSQL_SECURE, "^aurora-mysql[0-9.]+$", _AURORA_MYSQL_LOGS
    ),
}


class FamilyError(ValueError):
    """A parameter group family does not fit its source; the text says which would."""


def engine_of(kind: Kind, family: str | None) -> Engine:
    """Return the engine of a family. Raises FamilyError."""
    example = "postgres16" if kind is Kind.INSTANCE else "aurora-postgresql16"
    if family is None:
        raise FamilyError(f"say the parameter group family of its engine, like {example}")
    match = _FAMILY.fullmatch(family)
    engine = _ENGINES.get((kind, match["engine"])) if match else None
    if match is None or engine is None or bool(match["aurora"]) != (kind is Kind.CLUSTER):
        raise FamilyError(
            f"{family!r} is no family of an RDS {kind.value} that Snapveil knows, like {example}"
        )
    if (kind, match["engine"]) == (Kind.INSTANCE, "mysql") and _version(match["version"]) >= (8, 4):
        return replace(engine, logs=_MYSQL_84_LOGS)
    return engine


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part)


def prefix_of(source: str) -> str:
    """Return the prefix of a source's parameters and resources in a template: shop-aurora is ShopAurora."""
    return "".join(part.capitalize() for part in source.split("-"))
