"""`snapveil deploy` in an emulated account: what it makes, refuses and says."""

from pathlib import Path
from typing import Any

import pytest

from cli.deployment import account
from tests.cli.deployment.account import (
    ACCOUNT,
    IMAGE,
    PRODUCTION,
    REGION,
    client,
    deploy,
    keys,
    parameters,
    template,
)


def test_one_command_makes_artifacts_and_stack_and_says_what_is_next(
    document: Path, zips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(document, zips) == 0
    given = parameters()
    artifacts = f"snapveil-artifacts-{ACCOUNT}-{REGION}"
    assert (given["CodeBucket"], given["WorkerImage"], given["AlarmEmail"]) == (artifacts, IMAGE, "")
    assert keys(artifacts) == [
        f"{given['CodePrefix']}{name}.zip" for name in ("anonymize", "restore", "snapshot")
    ]
    said = capsys.readouterr().out
    assert "CREATE_COMPLETE" in said
    assert f"Policies: s3://snapveil-{ACCOUNT}-{REGION}/policies/" in said
    assert "shop has no policy yet" in said
    assert "sources.shop.schedule.enabled: true" in said


def test_deploying_the_same_again_changes_nothing(
    document: Path, zips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(document, zips)
    before = client("s3").list_object_versions(Bucket=parameters()["CodeBucket"])["Versions"]
    capsys.readouterr()
    assert deploy(document, zips) == 0
    assert "uploading" not in capsys.readouterr().out
    assert client("s3").list_object_versions(Bucket=parameters()["CodeBucket"])["Versions"] == before


def test_a_changed_zip_gets_another_prefix_and_the_old_one_stays_to_go_back_to(
    document: Path, zips: Path
) -> None:
    deploy(document, zips)
    first = parameters()["CodePrefix"]
    (zips / "restore.zip").write_bytes(b"changed")
    deploy(document, zips)
    second = parameters()["CodePrefix"]
    assert first != second
    there = keys(parameters()["CodeBucket"])
    assert {f"{first}restore.zip", f"{second}restore.zip"} <= set(there)


def test_credentials_of_another_account_are_refused_before_anything_is_done(
    document: Path, zips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document.write_text(PRODUCTION.replace(ACCOUNT, "111111111111"))
    assert deploy(document, zips) == 2
    assert (
        f"document of account 111111111111, but the credentials are of {ACCOUNT}" in capsys.readouterr().err
    )
    assert client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--worker-image", "snapveil-worker:latest"], "name it by its digest"),
        (["--policy", "shop"], "write a source and its folder"),
        (["--policy", "shoes=."], "has no source shoes; it has shop"),
        (["--policy", "shop=docs/adr"], "docs/adr holds no policy.yaml"),
    ],
)
def test_words_that_cannot_be_used_are_refused_before_anything_is_done(
    document: Path, zips: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(document, zips, *words) == 2
    assert said in capsys.readouterr().err
    assert client("s3").list_buckets()["Buckets"] == []


def test_a_document_that_cannot_be_used_is_refused_with_its_place(
    document: Path, zips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document.write_text(PRODUCTION.replace("postgres16", "sqlite3"))
    assert deploy(document, zips) == 2
    assert "production.yaml: sources.shop.family:" in capsys.readouterr().err


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    document: Path, zips: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(document, zips, "--dry-run", "--policy", f"shop={policy}") == 0
    said = capsys.readouterr().out
    for line in (
        "would make stack snapveil-artifacts",
        f"WorkerImage = {IMAGE}",
        "add Bucket (AWS::S3::Bucket)",
        "would publish the policy of shop (1 files)",
    ):
        assert line in said
    assert client("s3").list_buckets()["Buckets"] == []
    assert client("cloudformation").describe_stacks()["Stacks"] == []


def test_a_dry_run_of_a_change_names_what_would_change(
    document: Path, zips: Path, made: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(document, zips)
    made.append(template(Events={"Type": "AWS::SNS::Topic"}))
    capsys.readouterr()
    assert deploy(document, zips, "--dry-run") == 0
    said = capsys.readouterr().out
    assert said[said.index("would change stack snapveil:") :].splitlines()[1:] == [
        "  add Events (AWS::SNS::Topic)"
    ]


def test_a_policy_of_several_files_is_published_with_what_it_includes_and_nothing_else(
    document: Path, zips: Path, policy: Path
) -> None:
    (policy / "policy.yaml").rename(policy / "base.yaml")
    (policy / "es.yaml").write_text("version: 1\ninclude: [base.yaml]\nafter: [{script: es.sql}]\n")
    (policy / "es.sql").write_text("select 1;")
    (policy / "fr.yaml").write_text("version: 1\ninclude: [base.yaml]\n")
    deploy(document, zips, "--policy", f"shop={policy / 'es.yaml'}")
    bucket = f"snapveil-{ACCOUNT}-{REGION}"
    assert keys(bucket) == [f"policies/shop/{name}" for name in ("base.yaml", "es.sql", "policy.yaml")]


def test_a_policy_is_published_where_the_services_look_and_only_when_it_changed(
    document: Path, zips: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = f"snapveil-{ACCOUNT}-{REGION}"
    (policy / "before.sql").write_text("select 1;")
    deploy(document, zips, "--policy", f"shop={policy}")
    assert keys(bucket) == ["policies/shop/before.sql", "policies/shop/policy.yaml"]
    (policy / "before.sql").unlink()
    deploy(document, zips, "--policy", f"shop={policy}")
    assert keys(bucket) == ["policies/shop/policy.yaml"]
    capsys.readouterr()
    deploy(document, zips, "--policy", f"shop={policy}")
    said = capsys.readouterr().out
    assert "the policy of shop is published already" in said
    assert "has no policy" not in said


def test_a_template_that_is_too_large_for_a_call_is_read_from_the_bucket(
    document: Path, zips: Path, made: list[dict[str, Any]]
) -> None:
    made.append(template() | {"Description": "x", "Metadata": {"long": "x" * 60_000}})
    assert deploy(document, zips) == 0
    assert any(key.startswith("templates/") for key in keys(parameters()["CodeBucket"]))


def test_without_the_cdk_one_line_says_how_to_get_it(
    document: Path, zips: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.deploy.synthesize", account.synthesize)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert deploy(document, zips) == 2
    assert capsys.readouterr().err.strip().endswith("run: make infra")
