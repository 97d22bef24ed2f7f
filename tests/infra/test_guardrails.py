"""The recommended guard-rails: valid, small enough, explained, and without harm to Snapveil itself."""

import json
import re
from typing import Any

import pytest
import yaml

from infra.artifacts.parts import ROOT
from local.policies import Policy, Request

FOLDER = ROOT / "infra/guardrails"
PAGE = (FOLDER / "README.md").read_text()
SCPS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("scp/*.json"))}
LONGEST_SCP = 5120
ACCOUNT, KEY = "111111111111", "arn:aws:kms:eu-west-3:111111111111:key/1"

ALIAS = f"arn:aws:kms:eu-west-3:{ACCOUNT}:alias/snapveil-share"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/snapveil-restore"
PASSWORD = f"arn:aws:secretsmanager:eu-west-3:{ACCOUNT}:secret:snapveil/run/master-AbCdEf"


def rds(name: str) -> str:
    return f"arn:aws:rds:eu-west-3:{ACCOUNT}:{name}"


def denials(scp: str, role: str, action: str, resource: str, **context: str) -> set[str]:
    """Which statements of a document deny this call."""
    who = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    known = {"aws:PrincipalArn": who, **{name.replace("__", ":"): value for name, value in context.items()}}
    return {one.sid for one in Policy.of(SCPS[scp]).applying(Request(who, action, resource, known))}


@pytest.mark.parametrize("name", SCPS)
def test_a_service_control_policy_is_small_enough_and_only_denies(name: str) -> None:
    assert len((FOLDER / f"scp/{name}.json").read_text()) <= LONGEST_SCP
    assert SCPS[name]["Version"] == "2012-10-17"
    assert {one["Effect"] for one in SCPS[name]["Statement"]} == {"Deny"}
    assert all(re.fullmatch("[A-Za-z0-9]+", one["Sid"]) for one in SCPS[name]["Statement"])
    assert not [one for one in SCPS[name]["Statement"] if {"Principal", "NotPrincipal"} & one.keys()]


def test_every_statement_is_explained_and_nothing_else_is() -> None:
    explained = set(re.findall(r"^\| `([A-Z]\w+)` \|", PAGE, re.MULTILINE))
    assert explained == {one["Sid"] for scp in SCPS.values() for one in scp["Statement"]}


def test_every_rule_of_config_is_explained_and_nothing_else_is() -> None:
    pack: dict[str, Any] = yaml.safe_load((FOLDER / "conformance-pack.yaml").read_text())
    rules = {one["Properties"]["ConfigRuleName"] for one in pack["Resources"].values()}
    assert {one["Type"] for one in pack["Resources"].values()} == {"AWS::Config::ConfigRule"}
    assert {one["Properties"]["Source"]["Owner"] for one in pack["Resources"].values()} == {"AWS"}
    assert rules == set(re.findall(r"^\| `(snapveil-[\w-]+)` \|", PAGE, re.MULTILINE))


def test_the_rules_of_config_exist() -> None:
    config = pytest.importorskip("aws_cdk.aws_config")
    pack: dict[str, Any] = yaml.safe_load((FOLDER / "conformance-pack.yaml").read_text())
    for rule in pack["Resources"].values():
        assert hasattr(config.ManagedRuleIdentifiers, rule["Properties"]["Source"]["SourceIdentifier"])


@pytest.mark.parametrize("name", ["access-analyzer.yaml", "conformance-pack.yaml"])
def test_a_template_has_nothing_that_cloudformation_would_refuse(name: str) -> None:
    lint = pytest.importorskip("cfnlint.api")
    assert lint.lint_file(FOLDER / name) == []


@pytest.mark.parametrize(
    ("scp", "role", "action", "resource", "context", "sid"),
    [
        (
            "production",
            "Administrator",
            "rds:ModifyDBSnapshotAttribute",
            rds("snapshot:any"),
            {},
            "OnlySnapshotShares",
        ),
        (
            "production",
            "snapveil-restore",
            "rds:ModifyDBClusterSnapshotAttribute",
            rds("cluster-snapshot:snapveil-shr-1"),
            {},
            "OnlySnapshotShares",
        ),
        (
            "development",
            "snapveil-receiver",
            "rds:ModifyDBSnapshotAttribute",
            rds("snapshot:snapveil-cpy-1"),
            {},
            "NobodySharesFromDevelopment",
        ),
        ("production", "Administrator", "rds:StartExportTask", "*", {}, "NothingIsExported"),
        (
            "production",
            "Administrator",
            "secretsmanager:GetSecretValue",
            PASSWORD,
            {},
            "OnlyTheWorkerReadsPasswords",
        ),
        (
            "production",
            "platform-deployment",
            "kms:PutKeyPolicy",
            KEY,
            {"kms__ResourceAliases": "alias/snapveil-share"},
            "KeysStay",
        ),
        (
            "development",
            "Administrator",
            "kms:ScheduleKeyDeletion",
            KEY,
            {"kms__ResourceAliases": "alias/snapveil-copy"},
            "KeysStay",
        ),
        ("production", "Administrator", "kms:DeleteAlias", ALIAS, {}, "AliasesStay"),
        (
            "production",
            "snapveil-restore",
            "rds:DeleteDBInstance",
            rds("db:shop-prod"),
            {},
            "SnapveilChangesOnlyItsOwn",
        ),
        (
            "production",
            "snapveil-snapshot",
            "rds:AddTagsToResource",
            rds("cluster:shop-prod"),
            {},
            "SnapveilChangesOnlyItsOwn",
        ),
        (
            "development",
            "snapveil-receiver",
            "rds:DeleteDBCluster",
            rds("cluster:crm"),
            {},
            "SnapveilChangesOnlyItsOwn",
        ),
        (
            "production",
            "snapveil-restore",
            "rds:RestoreDBInstanceFromDBSnapshot",
            rds("db:snapveil-tmp-1"),
            {"rds__PubliclyAccessible": "true"},
            "NothingIsPublic",
        ),
        (
            "production",
            "Administrator",
            "s3:DeleteObject",
            f"arn:aws:s3:::snapveil-{ACCOUNT}-eu-west-3/runs/1/report.json",
            {},
            "EvidenceStays",
        ),
        ("production", "Administrator", "iam:PutRolePolicy", ROLE, {}, "RolesStay"),
    ],
)
def test_what_it_is_there_for_is_denied(
    scp: str, role: str, action: str, resource: str, context: dict[str, str], sid: str
) -> None:
    assert denials(scp, role, action, resource, **context) == {sid}


@pytest.mark.parametrize(
    ("scp", "role", "action", "resource", "context"),
    [
        (
            "production",
            "snapveil-snapshot",
            "rds:ModifyDBSnapshotAttribute",
            rds("snapshot:snapveil-shr-1"),
            {},
        ),
        ("production", "snapveil-restore", "rds:DeleteDBInstance", rds("db:snapveil-tmp-1"), {}),
        (
            "production",
            "snapveil-restore",
            "rds:RestoreDBInstanceFromDBSnapshot",
            rds("db:snapveil-tmp-1"),
            {"rds__PubliclyAccessible": "false"},
        ),
        ("production", "snapveil-worker", "secretsmanager:GetSecretValue", PASSWORD, {}),
        (
            "production",
            "snapveil-restore",
            "kms:CreateGrant",
            KEY,
            {"kms__ResourceAliases": "alias/snapveil-production"},
        ),
        ("production", "Administrator", "rds:ModifyDBInstance", rds("db:shop-prod"), {}),
        ("production", "platform-deployment", "iam:PutRolePolicy", ROLE, {}),
        ("production", "platform-deployment", "kms:CreateAlias", ALIAS, {}),
        (
            "production",
            "break-glass",
            "kms:PutKeyPolicy",
            KEY,
            {"kms__ResourceAliases": "alias/snapveil-share"},
        ),
        ("development", "snapveil-receiver", "rds:ModifyDBInstance", rds("db:snapveil-dev-shop"), {}),
        ("development", "snapveil-receiver", "rds:DeleteDBSnapshot", rds("snapshot:snapveil-cpy-1"), {}),
        ("development", "snapveil-receiver", "secretsmanager:GetSecretValue", PASSWORD, {}),
    ],
)
def test_what_snapveil_and_others_do_every_week_is_not_denied(
    scp: str, role: str, action: str, resource: str, context: dict[str, str]
) -> None:
    assert denials(scp, role, action, resource, **context) == set()
