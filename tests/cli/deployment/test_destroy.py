"""`snapveil destroy` in an emulated account: what it removes, refuses, leaves and says."""

from pathlib import Path

import pytest

from cli.main import main
from shared.ledger import Ledger
from tests.builders import a_run
from tests.cli.deployment.account import (
    ACCOUNT,
    REGION,
    client,
    deploy,
    keys,
    stack,
)


def test_destroy_removes_stacks_and_artifacts_and_names_what_stays_and_what_it_costs(
    document: Path, zips: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(document, zips, "--policy", f"shop={policy}")
    resources = client("cloudformation").describe_stack_resources(StackName="snapveil")["StackResources"]
    (key,) = (one["PhysicalResourceId"] for one in resources if one["LogicalResourceId"] == "ShareKey")
    capsys.readouterr()
    assert main(["destroy", str(document), "--yes"]) == 0
    assert stack() is None
    assert stack("snapveil-artifacts") is None
    end = capsys.readouterr().out.partition("What still costs money")[2]
    assert f"bucket snapveil-{ACCOUNT}-{REGION}: policies and run records" in end
    assert f"key {key}" in end
    assert keys(f"snapveil-{ACCOUNT}-{REGION}") == ["policies/shop/policy.yaml"]


def test_destroying_twice_is_harmless(document: Path, zips: Path) -> None:
    deploy(document, zips)
    assert main(["destroy", str(document), "--yes"]) == 0
    assert main(["destroy", str(document), "--yes"]) == 0


def test_destroy_asks_first(
    document: Path, zips: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(document, zips)
    monkeypatch.setattr("click.confirm", lambda question: False)
    assert main(["destroy", str(document)]) == 1
    assert "nothing was removed" in capsys.readouterr().out
    assert stack() is not None


def test_destroy_refuses_while_a_run_is_going(
    document: Path, zips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(document, zips)
    client("dynamodb").create_table(
        TableName="snapveil-ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    run = a_run()
    Ledger("snapveil-ledger", connect=lambda: client("dynamodb")).open_run(run)
    assert main(["destroy", str(document), "--yes"]) == 1
    assert f"run {run.run_id} is running" in capsys.readouterr().err
    assert stack() is not None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("snapveil-tmp-shop-1", "temporary database"),
        ("snapveil-dev-shop", "delete it first, once nobody needs it"),
    ],
)
def test_destroy_refuses_while_a_database_of_snapveil_stands(
    document: Path, zips: Path, name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(document, zips)
    client("rds").create_db_instance(
        DBInstanceIdentifier=name, DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20
    )
    assert main(["destroy", str(document), "--yes"]) == 1
    assert said in capsys.readouterr().err
