"""Parameter group families: which engine one belongs to, its port, and what is set for it."""

import re
from dataclasses import dataclass

from shared.database.port import Kind

_FAMILY = re.compile(r"(?P<aurora>aurora-)?(?P<engine>postgres|postgresql|mysql|mariadb)(?P<version>[0-9.]+)")


@dataclass(frozen=True)
class Engine:
    """What a database engine needs of a network and a parameter group."""

    port: int
    quiet: tuple[tuple[str, str], ...]
    secure: tuple[tuple[str, str], ...]
    families: str


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

_ENGINES = {
    (Kind.INSTANCE, "postgres"): Engine(5432, _POSTGRES_QUIET, _POSTGRES_SECURE, "^postgres[0-9]+$"),
    (Kind.CLUSTER, "postgresql"): Engine(
        5432, _POSTGRES_QUIET, _POSTGRES_SECURE, "^aurora-postgresql[0-9]+$"
    ),
    (Kind.INSTANCE, "mysql"): Engine(3306, _MYSQL_QUIET, _MYSQL_SECURE, "^mysql[0-9.]+$"),
    (Kind.INSTANCE, "mariadb"): Engine(3306, _MYSQL_QUIET, _MYSQL_SECURE, "^mariadb[0-9.]+$"),
    (Kind.CLUSTER, "mysql"): Engine(3306, _MYSQL_QUIET, _AURORA_MYSQL_SECURE, "^aurora-mysql[0-9.]+$"),
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
    return engine


def prefix_of(source: str) -> str:
    """Return the prefix of a source's parameters and resources in a template: shop-aurora is ShopAurora."""
    return "".join(part.capitalize() for part in source.split("-"))
