"""An operator's mistakes are said in one line each, with the file, the place, the rule and what to do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.documents import read_development, read_production
from infra.kept import EXAMPLES
from shared.config import ConfigError

PRODUCTION: dict[str, Any] = yaml.safe_load(EXAMPLES["production"].read_text())
DEVELOPMENT: dict[str, Any] = yaml.safe_load(EXAMPLES["development"].read_text())


def test_the_examples_are_complete_and_small() -> None:
    assert set(read_production(EXAMPLES["production"]).config.sources) == {"shop", "shop-aurora"}
    assert set(read_development(EXAMPLES["development"]).config.targets) == {"shop", "shop-aurora"}
    for path in EXAMPLES.values():
        assert len(path.read_text().splitlines()) < 50


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sources.shop.kind": "table"}, "sources.shop.kind: Input should be 'instance' or 'cluster'"),
        ({"sources.shop.database": None}, "sources.shop.database: Input should be a valid string"),
        (
            {"sources.shop.family": "aurora-postgresql16"},
            "sources.shop.family: 'aurora-postgresql16' is no family of an RDS instance that Snapveil knows,"
            " like postgres16",
        ),
        (
            {"sources.shop.family": None},
            "sources.shop.family: say the parameter group family of its engine, like postgres16",
        ),
        ({"sources.shop.schedule.time_zone": "Paris"}, "no such time zone (write it like Europe/Paris)"),
        ({"account": "staging"}, "neither production nor development"),
        ({"sources.sho": {}}, "sources.sho.kind: Field required"),
        ({"share.acounts": []}, "share.acounts: Extra inputs are not permitted"),
        ({"stack.network.cidr": "8.8.8.0/24"}, "stack.network.cidr: Value error, take a private network"),
        ({"stack.network.cidr": "10.0.0.1/24"}, "stack.network.cidr: Value error, write a network like"),
        ({"stack.network.vpc": "vpc-0123456789abcdef0"}, "leave out either cidr or vpc"),
        ({"stack.network.subnets": ["subnet-01234567"]}, "belongs to a network of your own: say which vpc"),
        ({"stack.log_days": 45}, "stack.log_days: Value error, CloudWatch keeps logs for 1, 3, 5, 7"),
        ({"stack.alarm_email": "me"}, "stack.alarm_email: String should match pattern"),
        ({"stack.worker": {"memory": 1024}}, "with cpu 1024 Fargate allows memory from 2048 to 8192"),
        ({"stack.worker": {"memory": 4500}}, "in steps of 1024"),
        ({"region": "eu-south-9"}, "stack.network.prefix_lists: name those of S3 and DynamoDB in eu-south-9"),
        (
            {"production_key": "arn:aws:kms:eu-west-3:111111111111:alias/mine"},
            "production_key: name the key itself",
        ),
        (
            {"worker": {"subnets": ["subnet-01234567"]}},
            "sources.shop.temporary.subnet_group: missing: with subnets and groups of your own",
        ),
        ({"worker": {"task_definition": "mine"}}, "worker.task_definition: the stack makes the task"),
        ({"sources.a-1": "shop", "sources.a1": "shop"}, "sources.a1: too like a-1: both are A1"),
    ],
)
def test_a_mistake_in_the_production_document_is_named(
    tmp_path: Path, change: Mapping[str, Any], said: str
) -> None:
    path = _written(tmp_path, PRODUCTION, change)
    with pytest.raises(ConfigError) as raised:
        read_production(path)
    lines = str(raised.value).splitlines()
    assert any(said in line for line in lines), lines
    assert all(line.startswith(f"{path}: ") for line in lines)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"targets.shop.name": "shop-dev"}, "targets.shop.name: String should match pattern"),
        ({"stack.reachable_from.cidrs": ["0.0.0.0/0"]}, "the target is not reachable from the internet"),
        ({"targets.shop.source": "Shop"}, "targets.shop.source: String should match pattern"),
        ({"targets.shop.tags": {"aws:x": "y"}}, "begin with aws: or snapveil"),
        ({"accept.owners": ["1"]}, "accept.owners.0: String should match pattern"),
        ({"stack.bucket": "mine"}, "stack.bucket: Extra inputs are not permitted"),
        ({"copy_key": "arn:aws:kms:eu-west-3:222222222222:alias/mine"}, "copy_key: name the key itself"),
        (
            {"targets.shop.placement.kms_key": "arn:aws:kms:eu-west-3:222222222222:key/1"},
            "targets.shop.placement.kms_key: databases are under one key for all: say copy_key",
        ),
    ],
)
def test_a_mistake_in_the_development_document_is_named(
    tmp_path: Path, change: Mapping[str, Any], said: str
) -> None:
    path = _written(tmp_path, DEVELOPMENT, change)
    with pytest.raises(ConfigError) as raised:
        read_development(path)
    assert said in str(raised.value)


def test_the_document_of_the_other_account_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this is the document of development, not of production"):
        read_production(_written(tmp_path, DEVELOPMENT, {}))


def test_several_mistakes_are_said_at_once(tmp_path: Path) -> None:
    change = {"sources.shop.family": "oracle19", "sources.shop-aurora.family": "postgres16"}
    with pytest.raises(ConfigError) as raised:
        read_production(_written(tmp_path, PRODUCTION, change))
    assert len(str(raised.value).splitlines()) == 2


def test_a_file_that_is_not_there_or_no_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="No such file or directory: write it like examples/shop/production"
    ):
        read_production(tmp_path / "production.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("sources: [")
    with pytest.raises(ConfigError, match="no YAML"):
        read_production(broken)


def test_a_region_that_we_do_not_know_works_with_its_prefix_lists(tmp_path: Path) -> None:
    lists = {"s3": "pl-00000001", "dynamodb": "pl-00000002"}
    change = {"region": "eu-south-9", "stack.network.prefix_lists": lists}
    assert read_production(_written(tmp_path, PRODUCTION, change)).prefix_lists.s3 == "pl-00000001"


def _written(folder: Path, document: Mapping[str, Any], change: Mapping[str, Any]) -> Path:
    """Write a document with some places changed; a value that names a source is a copy of it."""
    changed = yaml.safe_load(yaml.safe_dump(dict(document)))
    for place, value in change.items():
        *parents, last = place.split(".")
        part = changed
        for name in parents:
            part = part.setdefault(name, {})
        part[last] = changed["sources"]["shop"] if value == "shop" else value
    path = folder / "account.yaml"
    path.write_text(yaml.safe_dump(changed))
    return path
