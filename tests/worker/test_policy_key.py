"""The mask key of a policy: where it is read, what is no key, and that it is never shown."""

# ruff: noqa: E501 - messages are said as they are

import secrets as random
from types import SimpleNamespace

import boto3
import pytest

from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.mask_keys import WeakKeyError, key_from, run_key
from services.anonymize.worker.policy import PolicyError, load_policy
from tests.builders import REGION

NAME = "snapveil-mask-key-shop"


def key_of(text: str) -> str | None:
    return load_policy(f"version: 1\nkey: {text}\ntables: {{}}", "policy.yaml").key


def test_a_key_is_the_runs_own_unless_the_policy_names_a_secret():
    assert load_policy("version: 1\ntables: {}", "policy.yaml").key is None
    assert key_of("per_run") is None
    assert key_of(f"{{secret: {NAME}}}") == NAME
    arn = f"arn:aws:secretsmanager:eu-west-3:111111111111:secret:{NAME}-AbCdEf"
    assert key_of(f"{{secret: '{arn}'}}") == arn


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fixed", "policy.yaml:2:6: key must be per_run, or {secret: snapveil-mask-key-…}"),
        ("{}", "policy.yaml:2:6: key.secret is missing; name a secret, or write key: per_run"),
        ("{secret: my-key}", "policy.yaml:2:15: key.secret: my-key: the worker may read secrets only whose names"
                             " begin with snapveil-mask-key-"),
        ("{secret: snapveil/run/master}", "policy.yaml:2:15: key.secret: snapveil/run/master: the worker may read"
                                          " secrets only whose names begin with snapveil-mask-key-"),
    ],
)  # fmt: skip
def test_what_names_no_secret_of_ours_is_refused(text, said):
    with pytest.raises(PolicyError) as stopped:
        key_of(text)
    assert [str(problem) for problem in stopped.value.problems] == [said]


def test_the_same_secret_makes_the_same_key_and_the_key_is_never_shown():
    content = random.token_hex(32)
    holder = SimpleNamespace(get_secret_value=lambda SecretId: {"SecretString": f"{content}\n"})  # noqa: N803
    binary = SimpleNamespace(get_secret_value=lambda SecretId: {"SecretBinary": content.encode()})  # noqa: N803
    assert run_key(NAME, holder).settings() == run_key(NAME, binary).settings()
    assert content not in repr(run_key(NAME, holder)) + str(run_key(NAME, holder).settings())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has 0 bytes"),
        ("a" * 31, "has 31 bytes, and a mask key needs 32"),
        ("a" * 64, "repeats itself"),
        ("password" * 6, "repeats itself"),
        ("0123456789abcdef" * 4, "repeats itself"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(content, said):
    with pytest.raises(WeakKeyError, match=said) as stopped:
        key_from(content.encode())
    assert not content or content not in str(stopped.value)
    for bytes_ in (random.token_bytes(32), random.token_hex(16).encode(), random.token_urlsafe(32).encode()):
        key_from(b"x" + bytes_.strip())


def test_a_secret_that_is_not_there_stops_the_run_by_name(account):
    manager = boto3.client("secretsmanager", region_name=REGION)
    with pytest.raises(MaskingError, match=f"the secret {NAME} cannot be read .ResourceNotFoundException."):
        run_key(NAME, manager)
    manager.create_secret(Name=NAME, SecretString="short")
    with pytest.raises(MaskingError, match=f"the secret {NAME} has 5 bytes"):
        run_key(NAME, manager)
