"""What differs between the two families of engines outside of the worker."""

import pytest

from shared.database.families import (
    ENGINES,
    Family,
    UnknownEngineError,
    engine_in_secrets,
    family_of,
    first_database,
    is_known,
)


def test_every_engine_is_of_one_family() -> None:
    families = {engine: family_of(engine) for engine in ENGINES}
    assert {engine for engine, family in families.items() if family is Family.MYSQL} == {
        "mysql",
        "mariadb",
        "aurora-mysql",
    }
    assert {engine for engine, family in families.items() if family is Family.POSTGRESQL} == {
        "postgres",
        "aurora-postgresql",
    }


def test_another_engine_is_refused_with_the_names_of_those_that_are_known() -> None:
    assert not is_known("oracle-ee")
    with pytest.raises(UnknownEngineError, match=r"'oracle-ee' is no engine .* postgres, .*aurora-mysql"):
        family_of("oracle-ee")


def test_a_secret_names_the_engine_that_aurora_is_compatible_with() -> None:
    assert {engine: engine_in_secrets(engine) for engine in ENGINES} == {
        "postgres": "postgres",
        "aurora-postgresql": "postgres",
        "mysql": "mysql",
        "mariadb": "mariadb",
        "aurora-mysql": "mysql",
    }


def test_a_login_goes_to_the_database_that_was_named_or_that_is_always_there() -> None:
    assert first_database("mariadb", "shop") == "shop"
    assert first_database("aurora-postgresql", None) == "postgres"
    assert first_database("aurora-mysql", None) is None
