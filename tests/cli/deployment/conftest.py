"""An empty account behind an endpoint, and what an operator has: document, zips and policy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.accounts import empty_accounts
from tests.cli.deployment.account import (
    POLICY,
    PRODUCTION,
    template,
)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "operator")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")  # the document's region counts, not this
    with empty_accounts(tmp_path) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        yield


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The templates that the CDK would make: the last one counts."""
    templates = [template()]
    monkeypatch.setattr("cli.deploy.synthesize", lambda operated: templates[-1])
    return templates


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "production.yaml"
    path.write_text(PRODUCTION)
    return path


@pytest.fixture
def zips(tmp_path: Path) -> Path:
    folder = tmp_path / "zips"
    folder.mkdir()
    for name in ("restore", "anonymize", "snapshot", "receiver"):
        (folder / f"{name}.zip").write_bytes(name.encode())
    return folder


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "policy.yaml").write_text(POLICY)
    return folder
