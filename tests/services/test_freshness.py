"""Freshness: the age of what developers have, by source."""

import json
from datetime import timedelta

import pytest

from services.snapshot.freshness import ages, tell
from tests.builders import NEWER_RUN_ID, NOW, a_run, later

DAY = timedelta(days=1)


def test_the_age_counts_from_the_source_snapshot_of_the_newest_run_that_replaced_a_target() -> None:
    first = a_run(snapshot_created_at=NOW - 8 * DAY, replaced_at=NOW - 7 * DAY)
    second = a_run(run_id=NEWER_RUN_ID, snapshot_created_at=NOW - DAY, replaced_at=NOW)
    failed = a_run(run_id=NEWER_RUN_ID, snapshot_created_at=NOW, failed_at=NOW)
    assert ages([second, first, failed], ["shop-fr"], NOW) == {"shop-fr": DAY}


def test_a_source_of_which_no_run_ever_arrived_is_as_old_as_its_first_run() -> None:
    assert ages([a_run(), a_run(started_at=later(5))], ["shop-fr"], later(24)) == {"shop-fr": DAY}


def test_a_source_that_was_never_asked_for_has_no_age() -> None:
    assert ages([a_run()], ["shop-es"], NOW) == {}


def test_each_age_is_a_metric_of_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    tell([a_run(snapshot_created_at=NOW - DAY, replaced_at=NOW)], ["shop-fr"], NOW)
    written = json.loads(capsys.readouterr().out)
    assert (written["DataAge"], written["source"]) == ([86400.0], "shop-fr")
