"""An account as moto plays it, for whatever talks to AWS through plain clients."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from shared import aws
from tests.builders import REGION


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
