"""An account as moto plays it, and a MariaDB server, for whoever asks for one."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from shared import aws
from tests.builders import REGION
from tests.mariadb import MariaDBServer, running_mariadb


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS as moto plays it, in this process."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    aws.client.cache_clear()
    with mock_aws():
        yield
    aws.client.cache_clear()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDBServer]:
    """A running MariaDB for all tests of this process; each makes databases of its own in it."""
    with running_mariadb() as server:
        yield server
