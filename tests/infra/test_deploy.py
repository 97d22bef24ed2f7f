"""Both accounts of the example shop, deployed and destroyed by the commands that an operator types.

The templates are those that the CDK makes of the operator's documents; the embedded cloud applies them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from infra.artifacts.parts import ROOT
from local.accounts import DEVELOPMENT, PRODUCTION, REGION, Account
from shared.config import Development, Production, read
from tests.accounts import empty_accounts

SHOP = ROOT / "examples/shop"
IMAGE = f"{PRODUCTION}.dkr.ecr.{REGION}.amazonaws.com/snapveil-worker@sha256:{'ab' * 32}"
ACCOUNTS = {"production": PRODUCTION, "development": DEVELOPMENT}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Account]]:
    """Two accounts without anything in them."""
    with empty_accounts(tmp_path) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        yield {name: Account(name, number) for name, number in ACCOUNTS.items()}


@pytest.fixture
def operate(cloud: dict[str, Account], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Type a command with the credentials of an account's operator."""
    for name in ("restore", "anonymize", "snapshot", "receiver"):
        (tmp_path / f"{name}.zip").write_bytes(name.encode())

    def typed(command: str, account: str, *more: str) -> int:
        credentials = cloud[account].credentials("operator")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
        monkeypatch.setenv("AWS_SESSION_TOKEN", credentials.session_token)
        given = ["--zips", str(tmp_path)] if command == "deploy" else []
        if command == "deploy" and account == "production":
            given += ["--worker-image", IMAGE]
        return main([command, str(SHOP / f"{account}.yaml"), *given, *more])

    return typed


def test_one_command_per_account_makes_all_of_it_and_one_takes_it_away_again(
    operate: Any, cloud: dict[str, Account], capsys: pytest.CaptureFixture[str]
) -> None:
    assert operate("deploy", "production", "--policy", f"shop={SHOP}") == 0
    assert operate("deploy", "development") == 0
    said = capsys.readouterr().out
    assert "shop-aurora has no policy yet" in said
    for name, model in (("production", Production), ("development", Development)):
        stacks = cloud[name].client("cloudformation").describe_stacks()["Stacks"]
        assert {one["StackStatus"] for one in stacks} == {"CREATE_COMPLETE"}
        text = cloud[name].client("ssm").get_parameter(Name="/snapveil/config")["Parameter"]["Value"]
        assert isinstance(read(text, name), model), "the services can read what the stack wrote"

    assert operate("deploy", "production") == 0
    assert "snapveil: already as wanted" in capsys.readouterr().out

    for name in ("development", "production"):
        assert operate("destroy", name, "--yes") == 0
    end = capsys.readouterr().out
    assert f"bucket snapveil-{PRODUCTION}-{REGION}" in end
    assert "table snapveil-ledger" in end
    for account in cloud.values():
        assert account.client("cloudformation").describe_stacks()["Stacks"] == []
        assert account.client("sqs").list_queues().get("QueueUrls", []) == []
        assert account.client("dynamodb").list_tables()["TableNames"] == ["snapveil-ledger"]
    buckets = [one["Name"] for one in cloud["production"].client("s3").list_buckets()["Buckets"]]
    assert buckets == [f"snapveil-{PRODUCTION}-{REGION}"]

    assert operate("deploy", "production") == 0, "what stayed is taken in by the next stack"
    assert "shop has no policy" not in capsys.readouterr().out


def test_the_wrong_accounts_credentials_change_nothing(
    operate: Any, cloud: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = cloud["development"].credentials("operator")
    monkeypatch.setattr(cloud["production"], "credentials", lambda role: credentials)
    assert operate("deploy", "production") == 2
    assert cloud["development"].client("cloudformation").describe_stacks()["Stacks"] == []
