"""Which keys the receiver trusts: ARNs as they are, aliases as their account resolves them."""

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from services.receiver.keys import resolved
from tests.builders import SHARE_KEY

ALIAS = "arn:aws:kms:eu-west-3:123456789012:alias/snapveil-share"


def test_the_arn_of_a_key_stands_for_itself_and_nobody_is_asked() -> None:
    assert resolved([SHARE_KEY]) == {SHARE_KEY}


def test_an_alias_stands_for_the_key_that_bears_it(account: None) -> None:
    kms = boto3.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/snapveil-share", TargetKeyId=key["KeyId"])
    assert resolved([ALIAS, SHARE_KEY]) == {key["Arn"], SHARE_KEY}


def test_an_alias_that_is_not_there_yet_stands_for_no_key(account: None) -> None:
    assert resolved([ALIAS]) == frozenset()


def test_a_refused_look_up_is_not_taken_for_no_key(account: None, monkeypatch: pytest.MonkeyPatch) -> None:
    kms = boto3.client("kms")
    monkeypatch.setattr("services.receiver.keys.client", lambda _: kms)
    with Stubber(kms) as refusing:
        refusing.add_client_error("describe_key", "AccessDeniedException")
        with pytest.raises(ClientError):
            resolved([ALIAS])
