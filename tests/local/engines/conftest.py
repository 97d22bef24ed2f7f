"""One database of each family for all tests of this process."""

from collections.abc import Iterator

import pytest

from tests.local.engines.families import Family, family


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Family]:
    with family("mariadb") as made:
        yield made


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Family]:
    with family("postgresql") as made:
        yield made
