"""Configuration: one typed document per account; whatever is wrong is said in one line with its place."""

from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from shared.config import ConfigError, Development, Pace, Production, load_development, load_production, read
from tests.builders import COPY_KEY, DEVELOPMENT, PRODUCTION, PRODUCTION_KEY, SHARE_KEY

PRODUCTION_DOCUMENT = f"""
version: 1
account: production
account_id: "{PRODUCTION}"
region: eu-west-3
share: {{key: "{SHARE_KEY}", accounts: ["{DEVELOPMENT}"], longest: 7d}}
production_key: "{PRODUCTION_KEY}"
worker: {{cluster: snapveil, task_definition: snapveil-worker, subnets: [subnet-1], security_groups: [sg-1]}}
reports: s3://snapveil/runs
sources:
  shop-fr:
    kind: instance
    database: shop-fr-prod
    policy: s3://snapveil/policies/shop-fr
    max_snapshot_age: 36h
    temporary: {{instance_class: db.r6g.large}}
"""

DEVELOPMENT_DOCUMENT = f"""
version: 1
account: development
account_id: "{DEVELOPMENT}"
region: eu-west-3
accept: {{owners: ["{PRODUCTION}"], keys: ["{SHARE_KEY}"]}}
copy_key: "{COPY_KEY}"
targets:
  shop-fr: {{kind: instance, name: snapveil-dev-shop-fr, placement: {{instance_class: db.t4g.medium}}}}
"""


def test_a_production_document_is_read_with_its_defaults() -> None:
    config = read(PRODUCTION_DOCUMENT, "production.yaml")
    assert isinstance(config, Production)
    assert config.sources["shop-fr"].max_snapshot_age == timedelta(hours=36)
    assert config.share.longest == timedelta(days=7)
    assert config.deadlines.restore == timedelta(hours=6)
    assert not config.sources["shop-fr"].schedule.enabled


def test_a_development_document_is_read_with_its_defaults() -> None:
    config = read(DEVELOPMENT_DOCUMENT, "development.yaml")
    assert isinstance(config, Development)
    assert config.targets["shop-fr"].replace == "beside"
    assert config.targets["shop-fr"].keep == 2
    assert config.targets["shop-fr"].schedule.enabled


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("kind: instance", "kind: table", "sources.shop-fr.kind"),
        ("max_snapshot_age: 36h", "max_snapshot_age: soon", "a duration is a number and a unit"),
        ("max_snapshot_age: 36h", "max_snapshot_age: -1h", "a duration is a number and a unit"),
        (
            "max_snapshot_age: 36h",
            "during_run: wait",
            "sources.shop-fr.during_run: Input should be 'join' or 'queue'",
        ),
        ("  shop-fr:", "  Shop_FR:", "sources.Shop_FR"),
        ("region: eu-west-3", "region: eu-west-3\nregoin: x", "regoin"),
        ("version: 1", "version: 9", "version"),
        (f'"{DEVELOPMENT}"', '"all"', "share.accounts.0"),
        (PRODUCTION_KEY, SHARE_KEY, "raw data would be under development's key"),
        ("instance_class: db.r6g.large", "instance_class: large", "temporary.instance_class"),
        ("account: production", "account: staging", "staging"),
        ("version: 1", "version: [", "no YAML"),
        ("kind: instance", "kind: instance\n    schedule: {time_zone: Mars/Olympus}", "no such time zone"),
        ("kind: instance", "kind: instance\n    schedule: {expression: weekly}", "schedule.expression"),
        ("kind: instance", "kind: instance\n    family: PostgreSQL", "sources.shop-fr.family"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(before: str, after: str, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(PRODUCTION_DOCUMENT.replace(before, after), "production.yaml")
    assert problem in str(refused.value)
    assert str(refused.value).startswith("production.yaml: ")


def test_all_problems_are_said_at_once() -> None:
    broken = PRODUCTION_DOCUMENT.replace("kind: instance", "kind: x").replace(
        "reports: s3://", "reports: http://"
    )
    with pytest.raises(ConfigError) as refused:
        read(broken, "production.yaml")
    assert len(str(refused.value).splitlines()) == 2


def test_a_document_is_loaded_from_a_file_and_from_ssm(tmp_path: Path, account: None) -> None:
    (tmp_path / "p.yaml").write_text(PRODUCTION_DOCUMENT)
    boto3.client("ssm").put_parameter(Name="/snapveil/config", Value=DEVELOPMENT_DOCUMENT, Type="String")
    assert load_production(str(tmp_path / "p.yaml")).account == "production"
    assert load_development("ssm:/snapveil/config").account == "development"


def test_a_service_refuses_the_document_of_the_other_account(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text(DEVELOPMENT_DOCUMENT)
    with pytest.raises(ConfigError, match="runs in production"):
        load_production(str(tmp_path / "d.yaml"))


@pytest.mark.parametrize(("waits", "seconds"), [(0, 15), (1, 22), (2, 33), (10, 300), (10_000, 300)])
def test_the_pace_grows_up_to_its_longest(waits: int, seconds: int) -> None:
    assert Pace().delay(waits) == seconds


def test_no_delay_is_longer_than_sqs_allows() -> None:
    assert Pace(longest=timedelta(hours=9)).delay(99) == 900


SECOND = """
  data: {source: shop-fr, kind: instance, name: snapveil-dev-data, placement: {instance_class: db.t4g.medium}}
"""


def test_several_targets_may_be_of_one_source() -> None:
    config = read(DEVELOPMENT_DOCUMENT + SECOND, "development.yaml")
    assert isinstance(config, Development)
    assert list(config.targets_of("shop-fr")) == ["shop-fr", "data"]
    assert config.targets_of("data") == {}
    assert config.source_of("data") == "shop-fr"
    assert config.sources == ("shop-fr",)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("snapveil-dev-data", "snapveil-dev-shop-fr", "targets.data.name: .* is the database of shop-fr"),
        ("snapveil-dev-data", "snapveil-dev-shop-fr-new-1", "targets.data.name: .* could be taken for"),
        ("snapveil-dev-data", "snapveil-dev-shop-fr-old-1", "targets.data.name: .* could be taken for"),
        ("kind: instance", "kind: cluster", "a snapshot is of one kind"),
        ("source: shop-fr, ", "", None),
        ("data:", "the-one-of-data-science:", None),
        ("data: {source: shop-fr,", "the-one-of-data-science: {", "say with source whose data"),
        ("source: shop-fr", "source: Shop", "targets.data.source"),
        ("source:", "tags: {team: data, Cost center: 'Été/7'}, source:", None),
        ("source:", f"tags: {{{'k' * 129}: v}}, source:", "targets.data.tags"),
        ("source:", f"tags: {{k: {'v' * 257}}}, source:", "targets.data.tags.k"),
        ("source:", "tags: {AWS:team: data}, source:", "begin with aws: or snapveil"),
        ("source:", "tags: {Snapveil:run-id: x}, source:", "begin with aws: or snapveil"),
        ("source:", "tags: {'a*b': x}, source:", "targets.data.tags"),
        ("source:", f"tags: {{{', '.join(f't{n}: x' for n in range(31))}}}, source:", "targets.data.tags"),
    ],
)
def test_targets_are_told_apart_and_tagged_as_rds_allows(
    before: str, after: str, problem: str | None
) -> None:
    text = DEVELOPMENT_DOCUMENT + SECOND.replace(before, after)
    if problem is None:
        read(text, "development.yaml")
        return
    with pytest.raises(ConfigError, match=problem):
        read(text, "development.yaml")
