"""How many connections a worker is told to take: the vCPUs of its database, or the operator's word."""

import gzip
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import moto.ec2
import pytest

from services.anonymize import tasks
from services.anonymize.connections import connections_for, vcpus_of
from services.anonymize.tasks import Tasks
from shared.config import read
from tests.builders import RESOURCE_ID, a_run

NOT_OF_RDS = ("nano", "metal", "metal-24xl", "metal-48xl")
TYPES = json.loads(
    gzip.decompress((Path(moto.ec2.__file__).parent / "resources/instance_types.json.gz").read_bytes())
)
OF_RDS = re.compile(
    r"m1|m3|m4|m5d?|m6gd?|m6id?|m7[gi]|m8g|r3|r4|r5[bd]?|r6gd?|r6id?|r7[gi]|r8g|t2|t3|t4g|x1e?|x2.*|z1d|c6gd"
)


def test_a_class_has_the_vcpus_that_ec2_says_its_machine_has() -> None:
    wrong = {
        name: (said["VCpuInfo"]["DefaultVCpus"], vcpus_of(f"db.{name}"))
        for name, said in TYPES.items()
        for family, _, size in [name.partition(".")]
        if OF_RDS.fullmatch(family) and size not in NOT_OF_RDS
        if vcpus_of(f"db.{name}") != said["VCpuInfo"]["DefaultVCpus"]
    }
    assert not wrong
    assert vcpus_of("db.r8g.48xlarge") == 192


@pytest.mark.parametrize(
    ("instance_class", "wanted", "number", "why"),
    [
        ("db.r6g.xlarge", None, 4, "db.r6g.xlarge has 4 vCPUs"),
        ("db.t2.micro", None, 1, "db.t2.micro has 1 vCPU"),
        ("db.r8g.48xlarge", None, 64, "db.r8g.48xlarge has 192 vCPUs, and 64 connections are the most"),
        ("db.r6g.xlarge", 12, 12, "worker.connections says so"),
        ("db.serverless", None, 2, "db.serverless counts as 2 vCPUs"),
    ],
)
def test_the_number_and_its_reason(instance_class: str, wanted: int | None, number: int, why: str) -> None:
    found = connections_for(instance_class, wanted)
    assert (found.number, found.why, found.guessed) == (number, why, False)


@pytest.mark.parametrize("instance_class", ["db.r5.4xlarge.tpc2.mem2x", "db.x9q.huge", "db.r5.metal"])
def test_an_unknown_class_counts_as_two_and_says_what_to_do(instance_class: str) -> None:
    found = connections_for(instance_class)
    assert (found.number, found.guessed) == (2, True)
    assert found.why == (
        f"{instance_class} is not known, so it counts as 2 vCPUs; worker.connections can say more"
    )


def _environment(instance_class: str, **worker: Any) -> dict[str, str]:
    key = "arn:aws:kms:eu-west-3:111111111111:key/"
    document = {
        "version": 1,
        "account": "production",
        "account_id": "111111111111",
        "region": "eu-west-3",
        "production_key": f"{key}production",
        "reports": "s3://bucket/runs",
        "share": {"key": f"{key}share", "accounts": ["222222222222"]},
        "worker": {"cluster": "c", "task_definition": "t", "subnets": [], "security_groups": [], **worker},
        "sources": {
            "shop-fr": {
                "kind": "instance",
                "database": "shop",
                "policy": "s3://bucket/policies/shop-fr",
                "temporary": {"instance_class": instance_class},
            }
        },
    }
    config = read(json.dumps(document), "config")
    return Tasks(config, "ledger")._environment(a_run(resource_id=RESOURCE_ID))  # type: ignore[arg-type]


def test_the_worker_is_told_the_number_and_the_reason() -> None:
    told = _environment("db.m7g.2xlarge")
    assert told["SNAPVEIL_CONNECTIONS"] == "8"
    assert told["SNAPVEIL_CONNECTIONS_WHY"] == "db.m7g.2xlarge has 8 vCPUs"
    assert _environment("db.m7g.2xlarge", connections=3)["SNAPVEIL_CONNECTIONS"] == "3"


def test_a_guess_stands_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(tasks, "logger", SimpleNamespace(warning=lambda text, **_: said.append(text)))
    assert _environment("db.x9q.huge")["SNAPVEIL_CONNECTIONS"] == "2"
    _environment("db.m7g.large")
    assert [text.partition(",")[0] for text in said] == ["db.x9q.huge is not known"]
