"""The two families of database engines, and what differs between them outside of the worker."""

from enum import StrEnum


class Family(StrEnum):
    """Engines that speak the same protocol and the same SQL."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"


_FAMILIES = {
    "postgres": Family.POSTGRESQL,
    "aurora-postgresql": Family.POSTGRESQL,
    "mysql": Family.MYSQL,
    "mariadb": Family.MYSQL,
    "aurora-mysql": Family.MYSQL,
}
ENGINES = tuple(_FAMILIES)

# As Secrets Manager writes it; a secret of Aurora names the engine that Aurora is compatible with:
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
_IN_SECRETS = {"aurora-postgresql": "postgres", "aurora-mysql": "mysql"}


class UnknownEngineError(ValueError):
    """An RDS engine that is of neither family; the text names those that are."""


def is_known(engine: str) -> bool:
    """Whether an RDS engine is of one of the families."""
    return engine in _FAMILIES


def family_of(engine: str) -> Family:
    """The family of an RDS engine, like aurora-mysql. Raises UnknownEngineError."""
    try:
        return _FAMILIES[engine]
    except KeyError:
        raise UnknownEngineError(
            f"{engine!r} is no engine that Snapveil masks: {', '.join(ENGINES)}"
        ) from None


def engine_in_secrets(engine: str) -> str:
    """What the secret of a database calls its engine."""
    return _IN_SECRETS.get(engine, engine)


def first_database(engine: str, named: str | None) -> str | None:
    """The database to connect to: the one that the instance was created with, else what RDS always makes.

    MySQL's family makes none, and a login needs none.
    """
    return named or ("postgres" if family_of(engine) is Family.POSTGRESQL else None)
