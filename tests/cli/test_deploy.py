"""`snapveil deploy` and `destroy` in an emulated account: what they make, refuse, say and leave."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.deployment import account
from cli.deployment.images import Images
from cli.main import main
from shared.ledger import Ledger
from tests.accounts import empty_accounts
from tests.builders import a_run

ACCOUNT, REGION = "123456789012", "eu-west-3"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/snapveil-worker@sha256:{'ab' * 32}"
POLICY = "version: 1\ntables:\n  customers: truncate\n"

PRODUCTION = f"""
version: 1
account: production
account_id: "{ACCOUNT}"
region: {REGION}
share: {{accounts: ["222222222222"]}}
sources:
  shop:
    kind: instance
    database: shop-prod
    family: postgres16
    temporary: {{instance_class: db.m7g.large}}
"""

CONFIG = {
    "version": 1,
    "account": "production",
    "account_id": ACCOUNT,
    "region": REGION,
    "share": {"accounts": ["222222222222"], "key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/share"},
    "production_key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/production",
    "worker": {"cluster": "c", "task_definition": "t", "subnets": [], "security_groups": []},
    "reports": "s3://snapveil/runs",
    "sources": {
        "shop": {
            "kind": "instance",
            "database": "shop-prod",
            "policy": f"s3://snapveil-{ACCOUNT}-{REGION}/policies/shop",
            "temporary": {"instance_class": "db.m7g.large"},
        }
    },
}


def template(**more: Any) -> dict[str, Any]:
    """A small template with the parameters of the real one, and what it leaves."""
    return {
        "Parameters": {
            "CodeBucket": {"Type": "String"},
            "CodePrefix": {"Type": "String"},
            "WorkerImage": {"Type": "String"},
            "AlarmEmail": {"Type": "String", "Default": ""},
        },
        "Resources": {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Retain",
                "Properties": {"BucketName": f"snapveil-{ACCOUNT}-{REGION}"},
            },
            "ShareKey": {
                "Type": "AWS::KMS::Key",
                "DeletionPolicy": "Retain",
                "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}},
            },
            "Config": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": "/snapveil/config", "Type": "String", "Value": json.dumps(CONFIG)},
            },
            "Place": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Ref": "CodePrefix"}},
            },
            **more,
        },
        "Outputs": {"Policies": {"Value": f"s3://snapveil-{ACCOUNT}-{REGION}/policies/"}},
    }


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


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def deploy(document: Path, zips: Path, *more: str) -> int:
    return main(["deploy", str(document), "--zips", str(zips), "--worker-image", IMAGE, *more])


def stack(name: str = "snapveil") -> Mapping[str, Any] | None:
    found = [one for one in client("cloudformation").describe_stacks()["Stacks"] if one["StackName"] == name]
    return found[0] if found else None


def parameters() -> dict[str, str]:
    described = stack()
    assert described is not None
    return {one["ParameterKey"]: one["ParameterValue"] for one in described["Parameters"]}


def keys(bucket: str) -> list[str]:
    return [one["Key"] for one in client("s3").list_objects_v2(Bucket=bucket).get("Contents", ())]


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


class Docker:
    """Stands for the docker command: remembers what it was told, and pushes to moto's ECR."""

    def __init__(self, answers: bool = True) -> None:
        self.answers = answers
        self.told: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str], given: str = "") -> str:
        if not self.answers:
            raise subprocess.CalledProcessError(1, command)
        self.told.append(command)
        if "--push" in command:
            tag = command[list(command).index("--tag") + 1].rpartition(":")[2]
            client("ecr").put_image(
                repositoryName="snapveil-worker",
                imageTag=tag,
                imageManifest=json.dumps({"schemaVersion": 2, "tag": tag}),
                imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
            )
        return ""


def images(docker: Docker) -> Images:
    made = client("ecr").create_repository(repositoryName="snapveil-worker")["repository"]["repositoryUri"]
    return Images(client("ecr"), made, lambda line: None, docker)


def test_an_image_is_built_once_for_arm64_and_then_found_by_what_it_is_made_of() -> None:
    docker = Docker()
    repository = images(docker)
    assert repository.find("f00d") is None
    built = repository.build("f00d")
    assert "@sha256:" in built
    assert repository.find("f00d") == built
    (build,) = [command for command in docker.told if "buildx" in command]
    assert "linux/arm64" in build


def test_without_docker_and_image_one_line_says_what_can_be_done() -> None:
    with pytest.raises(
        Exception, match=r"docker does not answer; start docker, or build .* or name one with"
    ):
        images(Docker(answers=False)).build("f00d")


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
