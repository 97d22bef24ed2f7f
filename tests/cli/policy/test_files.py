"""What policy commands read and write beside a policy: schemas, bundles, mask keys."""

# ruff: noqa: E501 - what commands say is said as it is

import secrets
from pathlib import Path

import pytest

from cli.exits import InputError
from cli.mask_keys import mask_key
from services.anonymize.worker.schema_file import SchemaFileError, read_schema, write_schema
from shared.bundle import digest_of, read_bundle
from tests.cli.policy.building import SCHEMA


def test_a_schema_file_holds_all_that_a_plan_needs():
    text = write_schema("postgresql", SCHEMA)
    assert read_schema(text) == ("postgresql", SCHEMA)
    assert write_schema(*read_schema(text)) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "not JSON"),
        ("[]", "no schema file"),
        ('{"snapveil_schema": 2}', "snapveil_schema is 2, and this Snapveil reads 1"),
        ('{"snapveil_schema": 1, "family": "postgresql"}', "family or schema is missing"),
        ('{"snapveil_schema": 1, "family": "x", "schema": {"database": "x", "tables": [{"oid": "a"}]}}', "tables.0"),
    ],
)  # fmt: skip
def test_what_is_no_schema_file_is_refused(text, said):
    with pytest.raises(SchemaFileError, match=said):
        read_schema(text)


def test_a_bundle_holds_the_policy_and_what_it_names_and_nothing_else(policy, folder):
    Path("base.yaml").write_text("script: {file: mask.sql}\ntables: {a: keep}")
    Path("mask.sql").write_text("SELECT 1")
    Path("es.yaml").write_text("version: 1\ninclude: [base.yaml]\n")
    said = policy("bundle", "--policy", "es.yaml", "-o", "out")
    written = read_bundle("out")
    assert sorted(written.files) == ["base.yaml", "mask.sql", "policy.yaml"]
    assert written.policy == Path("es.yaml").read_text()
    assert said.out == f"wrote 3 files to out; digest {digest_of(written.files)}\n"
    Path("mask.sql").unlink()
    assert (
        "es.yaml: mask.sql does not lie beside the policy"
        in policy("bundle", "--policy", "es.yaml", "-o", "more").err
    )


def test_the_schema_for_editors_is_printed(policy):
    printed = policy("schema").json
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "mask.phone" in printed["$defs"]


def test_a_mask_key_comes_from_a_file_or_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch):
    good, other = secrets.token_hex(32), secrets.token_urlsafe(32)
    Path("key").write_text(f"{good}\n")
    monkeypatch.setenv("SNAPVEIL_MASK_KEY", other)
    assert mask_key(None, Path("key")) is None
    assert mask_key("snapveil-mask-key-shop", Path("key")) == good
    assert mask_key("snapveil-mask-key-shop", None) == other
    Path("key").write_text("too short")
    for file, said in (
        (Path("key"), "key has 9 bytes, and a mask key needs 32"),
        (Path("gone"), "--key-file gone: it is not there"),
    ):
        with pytest.raises(InputError, match=said):
            mask_key("snapveil-mask-key-shop", file)
    monkeypatch.delenv("SNAPVEIL_MASK_KEY")
    with pytest.raises(InputError, match="SNAPVEIL_MASK_KEY or with --key-file"):
        mask_key("snapveil-mask-key-shop", None)
