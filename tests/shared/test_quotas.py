"""Quotas: how full they are, and what is said of it."""

import json
from typing import Any

import pytest

from shared import names, quotas
from shared.config import Quotas
from shared.database.port import Kind, Snapshot
from shared.observability import logger
from tests.builders import NEWER_RUN_ID, RUN_ID, a_snapshot


def theirs(count: int, kind: Kind = Kind.INSTANCE, status: str = "available") -> list[Snapshot]:
    """Snapshots that somebody else made."""
    return [a_snapshot(f"before-release-{number}", status, kind=kind) for number in range(count)]


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is written to the log as a warning."""
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(logger, "warning", lambda _, **said: lines.append(said))
    return lines


def test_each_kind_has_quotas_of_its_own() -> None:
    snapshots = [*theirs(3), *theirs(2, Kind.CLUSTER), *theirs(4, Kind.CLUSTER, "creating")]
    assert [(use.quota, use.used, use.limit, use.percent) for use in quotas.uses(snapshots, Quotas())] == [
        ("manual snapshots of instances", 3, 100, 3),
        ("snapshot copies of instances in flight", 0, 20, 0),
        ("manual snapshots of clusters", 6, 100, 6),
        ("snapshot copies of clusters in flight", 4, 5, 80),
    ]


def test_a_snapshot_that_we_take_of_a_database_is_no_copy() -> None:
    taken = a_snapshot(names.masked_snapshot(RUN_ID), "creating")
    copied = a_snapshot(names.shared_snapshot(RUN_ID), "copying")
    assert quotas.uses([taken, copied], Quotas())[1].used == 1


def test_the_metric_is_the_fullest_quota(capsys: pytest.CaptureFixture[str]) -> None:
    quotas.tell(theirs(30), Quotas(instance_snapshots=60), [])
    assert json.loads(capsys.readouterr().out)["QuotaUsed"] == [50]


def test_below_the_threshold_nothing_is_said(warned: list[dict[str, Any]]) -> None:
    quotas.tell(theirs(79), Quotas(), [])
    assert warned == []


def test_at_the_threshold_the_log_says_which_quota_and_what_of_ours_could_go(
    warned: list[dict[str, Any]],
) -> None:
    old, new = names.development_copy(RUN_ID), names.development_copy(NEWER_RUN_ID)
    quotas.tell([*theirs(78), a_snapshot(old), a_snapshot(new)], Quotas(), [old])
    assert warned == [
        {
            "quota": "manual snapshots of instances",
            "used": 80,
            "limit": 100,
            "ours": 2,
            "could_go": [old],
            "could_go_in_all": 1,
        }
    ]


def test_a_long_list_is_cut_and_counted(warned: list[dict[str, Any]]) -> None:
    quotas.tell(theirs(5), Quotas(instance_snapshots=5), [f"snapveil-cpy-{number}" for number in range(30)])
    assert (len(warned[0]["could_go"]), warned[0]["could_go_in_all"]) == (20, 30)


def test_the_threshold_is_configured(warned: list[dict[str, Any]]) -> None:
    quotas.tell(theirs(50), Quotas(warn_at=50), [])
    assert [said["used"] for said in warned] == [50]
