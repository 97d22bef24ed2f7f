"""Which encryption keys may be used, and by whom."""

import json
from typing import Any

import pytest

from tests.local.rds.cloud import DEVELOPMENT, Account, Cloud, refusal


def _copy_with(cloud: Cloud, key: str) -> str:
    return refusal(
        cloud.production.rds.copy_db_snapshot,
        SourceDBSnapshotIdentifier="masked",
        TargetDBSnapshotIdentifier="copy",
        KmsKeyId=key,
    )


def test_a_database_is_encrypted_with_the_default_key_unless_told_otherwise(cloud: Cloud) -> None:
    cloud.instance("by-default")
    cloud.instance("chosen", KmsKeyId=(key := cloud.production.key()))
    cloud.instance("declined", StorageEncrypted=False)
    default = cloud.production.instance("by-default")["KmsKeyId"]
    described = cloud.production.kms.describe_key(KeyId=default)["KeyMetadata"]
    assert described["KeyManager"] == "AWS"
    assert cloud.production.kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["Arn"] == default
    assert cloud.production.instance("chosen")["KmsKeyId"] == key
    assert cloud.production.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyManager"] == "CUSTOMER"
    assert cloud.production.instance("declined")["StorageEncrypted"] is False
    assert "KmsKeyId" not in cloud.production.instance("declined")


@pytest.mark.parametrize(
    "name",
    [
        "00000000-0000-0000-0000-000000000000",
        "alias/nothing",
        "arn:aws:kms:eu-west-3:111111111111:key/00000000-0000-0000-0000-000000000000",
        "arn:aws:kms:us-east-1:111111111111:key/00000000-0000-0000-0000-000000000000",
    ],
)
def test_a_key_that_does_not_exist_is_refused(cloud: Cloud, name: str) -> None:
    cloud.instance()
    cloud.snapshot()
    assert _copy_with(cloud, name) == "KMSKeyNotAccessibleFault"


def test_a_key_goes_by_id_arn_or_alias(cloud: Cloud) -> None:
    cloud.instance()
    arn = cloud.production.key()
    cloud.production.kms.create_alias(AliasName="alias/share", TargetKeyId=arn)
    for number, name in enumerate(
        (arn, arn.rpartition("/")[2], "alias/share", arn.replace(arn[-40:], "alias/share"))
    ):
        cloud.snapshot(f"taken-{number}")
        copied = cloud.production.rds.copy_db_snapshot(
            SourceDBSnapshotIdentifier=f"taken-{number}",
            TargetDBSnapshotIdentifier=f"copy-{number}",
            KmsKeyId=name,
        )
        assert copied["DBSnapshot"]["KmsKeyId"] == arn


def _disable(account: Account, arn: str) -> None:
    account.kms.disable_key(KeyId=arn.rpartition("/")[2])  # moto answers an ARN with HTTP 500


def test_a_disabled_key_is_refused(cloud: Cloud) -> None:
    cloud.instance()
    cloud.snapshot()
    key = cloud.production.key()
    _disable(cloud.production, key)
    assert _copy_with(cloud, key) == "KMSKeyNotAccessibleFault"


def test_a_snapshot_under_a_disabled_key_can_be_neither_restored_nor_copied(cloud: Cloud) -> None:
    cloud.instance(KmsKeyId=(key := cloud.production.key()))
    cloud.snapshot()
    _disable(cloud.production, key)
    restored = refusal(
        cloud.production.rds.restore_db_instance_from_db_snapshot,
        DBInstanceIdentifier="copy",
        DBSnapshotIdentifier="masked",
    )
    assert restored == _copy_with(cloud, cloud.production.key()) == "KMSKeyNotAccessibleFault"


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (None, "KMSKeyNotAccessibleFault"),
        ([{"Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "kms:*"}], "accepted"),
        (
            [{"Principal": {"AWS": "arn:aws:iam::222222222222:role/another"}, "Action": "kms:*"}],
            "KMSKeyNotAccessibleFault",
        ),
        (
            [
                {
                    "Principal": {"AWS": "*"},
                    "Action": "kms:*",
                    "Condition": {"StringEquals": {"kms:ViaService": "rds.eu-west-3.amazonaws.com"}},
                }
            ],
            "accepted",
        ),
        (
            [
                {
                    "Principal": {"AWS": "222222222222"},
                    "Action": "kms:*",
                    "Condition": {
                        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/another"}
                    },
                }
            ],
            "KMSKeyNotAccessibleFault",
        ),
        (
            [{"Principal": {"AWS": "arn:aws:iam::333333333333:root"}, "Action": "kms:*"}],
            "KMSKeyNotAccessibleFault",
        ),
        ([{"Principal": {"AWS": ["222222222222"]}, "Action": "kms:Decrypt"}], "KMSKeyNotAccessibleFault"),
        (
            [
                {"Principal": {"AWS": ["222222222222"]}, "Action": ["kms:Decrypt", "kms:DescribeKey"]},
                {"Principal": {"AWS": ["222222222222"]}, "Action": "kms:Create*"},
            ],
            "accepted",
        ),
    ],
)
def test_another_accounts_snapshot_needs_a_key_policy_that_lets_this_account_in(
    cloud: Cloud, policy: list[dict[str, Any]] | None, code: str
) -> None:
    key = cloud.production.key()
    if policy is not None:
        statements = [{"Effect": "Allow", "Resource": "*", **statement} for statement in policy]
        cloud.production.kms.put_key_policy(
            KeyId=key, PolicyName="default", Policy=json.dumps({"Statement": statements})
        )
    cloud.instance(KmsKeyId=key)
    arn = cloud.snapshot()
    cloud.share("masked", DEVELOPMENT)
    copied = refusal(
        cloud.development.rds.copy_db_snapshot,
        SourceDBSnapshotIdentifier=arn,
        TargetDBSnapshotIdentifier="cpy",
        KmsKeyId=cloud.development.key(),
    )
    assert copied == code
