"""Retention: what of an account nothing needs any more, and that the sweep deletes just that."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.receiver import retention
from services.receiver import sweep as sweeping
from shared import names, observability
from shared.config import Development
from shared.database.port import Condition
from shared.due import Due
from shared.records import Choice, Sighting
from tests.builders import NOW, a_snapshot, later
from tests.services.holding import TARGET, Books, Holding, built_from, copy_of
from tests.services.test_receiver_siblings import a_config

WEEKS = [f"shop-fr-202611{day}t0305-0000000{number}" for number, day in enumerate(("02", "09", "16", "23"))]
OLDEST, OLD, LAST, NEWEST = WEEKS
CONFIG = a_config(shop_fr={"name": TARGET, "keep": 2, "grace": "4h"})
HOUR, LIMIT = timedelta(hours=1), CONFIG.deadlines.receiver


def found(
    holding: Holding, books: Books, config: Development = CONFIG, now: datetime = NOW
) -> dict[str, Due]:
    return {one.name: one for one in retention.due(books, holding.ports, config, now)}


def swept(holding: Holding, books: Books, config: Development = CONFIG, now: datetime = NOW) -> set[str]:
    before = {*holding.copies, *holding.standing}
    list(sweeping.sweep(books, holding.ports, config, lambda: now)())
    return before - {*holding.copies, *holding.standing}


def copy_names(*runs: str) -> set[str]:
    return {names.development_copy(run) for run in runs}


@pytest.fixture
def books() -> Books:
    return Books()


# Copies -------------------------------------------------------------------------------------------------


def test_copies_beyond_keep_go_while_the_newest_cannot_be_built(books: Books) -> None:
    holding = Holding(map(copy_of, WEEKS), [built_from(OLDEST)])
    assert set(found(holding, books)) == copy_names(OLD)
    assert swept(holding, books) == copy_names(OLD)
    assert books.lines == [
        ("target#shop-fr", "deletes", f"{names.development_copy(OLD)}: older than the 2 to keep")
    ]


def test_what_a_database_is_built_from_beside_the_target_stays(books: Books) -> None:
    beside = built_from(OLD, names.beside(TARGET, OLD), status="creating")
    assert swept(Holding(map(copy_of, WEEKS), [built_from(OLDEST), beside]), books) == set()


@pytest.mark.parametrize(("over", "goes"), [(NEWEST, {OLD}), (LAST, {OLD, OLDEST})])
def test_a_chosen_copy_stays_until_newer_data_have_come(books: Books, over: str, goes: set[str]) -> None:
    books.choose("target#shop-fr", Choice(run_id=OLDEST, edition="e", over=over, request="r"))
    assert swept(Holding(map(copy_of, WEEKS)), books) == copy_names(*goes)


def test_a_copy_that_failed_or_is_not_complete_displaces_none(books: Books) -> None:
    copies = [copy_of(OLDEST), copy_of(OLD), copy_of(LAST, "failed"), copy_of(NEWEST, "creating")]
    assert swept(Holding(copies), books) == set()


def test_of_several_targets_the_one_that_keeps_the_most_counts(books: Books) -> None:
    config = a_config(
        shop_fr={"name": TARGET, "keep": 1}, data={"source": "shop-fr", "name": "snapveil-dev-d", "keep": 3}
    )
    assert swept(Holding(map(copy_of, WEEKS)), books, config) == copy_names(OLDEST)


def test_each_source_keeps_its_own(books: Books) -> None:
    config = a_config(shop_fr={"name": TARGET}, shop_es={"name": "snapveil-dev-shop-es", "keep": 1})
    spanish = WEEKS[0].replace("shop-fr", "shop-es")
    assert swept(Holding(map(copy_of, [*WEEKS[2:], spanish])), books, config) == set()


# Unfinished copies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["failed", "creating"])
def test_an_unfinished_copy_goes_once_it_has_not_moved_for_as_long_as_the_receiver_may_take(
    books: Books, status: str
) -> None:
    stuck = copy_of(LAST, status, percent=40)
    holding = Holding([stuck, copy_of(NEWEST)])
    now = NOW
    while now < NOW + LIMIT:
        assert swept(holding, books, now=now) == set()
        assert found(holding, books, now=now)[stuck.name].since == NOW + LIMIT
        now += HOUR
    assert swept(holding, books, now=now) == {stuck.name}


def test_a_copy_that_moves_stays_however_long_it_takes(books: Books) -> None:
    for hour in range(30):
        moving = copy_of(NEWEST, "creating", percent=hour)
        assert swept(Holding([moving]), books, now=later(hour)) == set()


def test_another_copy_of_the_same_name_is_not_taken_for_the_one_that_stood_still(books: Books) -> None:
    stuck = copy_of(LAST, "creating")
    assert swept(Holding([stuck]), books) == set()
    assert found(Holding([stuck]), books, now=later(30))[stuck.name].since is None
    books.record_sighting(stuck.name, Sighting(state="creating 0 %", since=NOW - LIMIT, last=NOW))
    assert swept(Holding([stuck]), books) == {stuck.name}
    assert swept(Holding([stuck]), books, now=later(1)) == set()


# Databases beside and aside -----------------------------------------------------------------------------


def replaced_twice(books: Books, **target: Any) -> Holding:
    """A target that is of the newest data, the one before it aside, and one that was never finished."""
    books.delivered(NEWEST)
    aside = built_from(LAST, names.set_aside(TARGET, NEWEST))
    stray = built_from(OLD, names.beside(TARGET, OLD))
    return Holding(map(copy_of, WEEKS[1:]), [built_from(NEWEST, **target), aside, stray])


def test_a_database_aside_goes_after_the_grace_and_one_beside_at_once(books: Books) -> None:
    holding = replaced_twice(books)
    aside, stray = names.set_aside(TARGET, NEWEST), names.beside(TARGET, OLD)
    due = found(holding, books)
    assert (due[aside].since, due[stray].since) == (later(4), NOW)
    assert swept(holding, books) == {stray}
    assert swept(holding, books, now=later(3)) == copy_names(OLD), "nothing stands on it any more"
    assert swept(holding, books, now=later(4)) == {aside}
    assert swept(holding, books, now=later(5)) == set()


@pytest.mark.parametrize("status", ["storage-full", "rebooting", "deleting"])
def test_nothing_goes_from_beside_a_target_that_does_not_stand(books: Books, status: str) -> None:
    condition = {"storage-full": Condition.FAILED, "rebooting": Condition.PENDING}.get(status)
    holding = replaced_twice(books, status=status, condition=condition or Condition.DELETING)
    assert swept(holding, books, now=later(48)) == set()


def test_nothing_goes_from_beside_a_target_whose_newest_data_are_still_to_come(books: Books) -> None:
    holding = replaced_twice(books)
    newer = NEWEST.replace("1123t", "1130t")
    holding.copies |= {one.name: one for one in [copy_of(newer)]}
    databases = set(holding.standing)
    assert not swept(holding, books, now=later(48)) & databases


def test_a_target_without_its_tag_is_told_and_not_touched(books: Books) -> None:
    holding = replaced_twice(books)
    stray = names.beside(TARGET, OLD)
    holding.standing[stray] = replace(holding.standing[stray], tags={})
    assert found(holding, books)[stray].stays
    assert swept(holding, books) == copy_names(OLD)


def test_each_of_several_targets_has_its_own_record_of_being_replaced(books: Books) -> None:
    own = "snapveil-dev-data"
    config = a_config(shop_fr={"name": TARGET}, data={"source": "shop-fr", "name": own})
    stray = built_from(LAST, names.beside(own, LAST))
    holding = Holding([copy_of(NEWEST), copy_of(LAST)], [built_from(NEWEST, own), stray])
    books.delivered(NEWEST)
    assert swept(holding, books, config) == set()
    books.deliveries[NEWEST, "", "data"] = books.delivery(NEWEST)
    assert swept(holding, books, config) == {stray.name}
    assert books.lines[0][:2] == ("target#data", "deletes")


# What belongs to no target ------------------------------------------------------------------------------


def test_what_belongs_to_no_target_is_counted_named_and_left(
    books: Books, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    measured: dict[str, float] = {}
    monkeypatch.setattr(
        observability, "_measure", lambda name, _unit, value, _dimensions: measured.update({name: value})
    )
    told: list[Any] = []
    monkeypatch.setattr(sweeping, "logger", SimpleNamespace(warning=lambda *_, **extra: told.append(extra)))
    spanish = WEEKS[0].replace("shop-fr", "shop-es")
    strangers = [
        copy_of(spanish),
        copy_of(OLD.replace("-fr", "-es"), "failed"),
        a_snapshot("snapveil-cpy-mine"),
    ]
    holding = Holding([*strangers, copy_of(NEWEST)], [built_from(NEWEST, "snapveil-dev-shop-es")])
    assert swept(holding, books, now=later(1000)) == set()
    assert measured["Orphans"] == 4
    assert "snapveil-cpy-mine: its name names no run" in told[0]["orphans"]
    assert swept(Holding([copy_of(NEWEST)]), books) == set()
    assert measured["Orphans"] == 0


# The sweep acts -----------------------------------------------------------------------------------------


def test_one_that_cannot_be_deleted_is_told_and_the_others_go(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(observability, "_measure", lambda name, *_: counted.append(name))
    holding = Holding(map(copy_of, WEEKS))
    holding.refused = copy_names(OLD)
    assert swept(holding, books) == copy_names(OLDEST)
    assert counted.count("SweepFailed") == 1
    assert [what for _, what, _ in books.lines] == ["deletes", "failed", "deletes"]
    holding.refused.clear()
    assert swept(holding, books) == copy_names(OLD)


def test_one_whose_answer_is_lost_or_that_another_deleted_is_no_failure(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(observability, "_measure", lambda name, *_: counted.append(name))
    holding = Holding(map(copy_of, WEEKS))
    holding.lost = copy_names(OLD, OLDEST)
    assert swept(holding, books) == copy_names(OLD, OLDEST)
    assert "SweepFailed" not in counted


@pytest.mark.parametrize("hours", [0, 3, 4, 30])
def test_the_dry_run_shows_what_the_sweep_deletes(books: Books, hours: int) -> None:
    holding = replaced_twice(books)
    holding.copies |= {one.name: one for one in map(copy_of, WEEKS[:1])}
    stuck = copy_of(LAST.replace("1116", "1117"), "failed")
    holding.copies[stuck.name] = stuck
    now = later(hours)
    books.record_sighting(stuck.name, Sighting(state="failed 0 %", since=NOW - LIMIT + 3 * HOUR, last=now))
    shown = found(holding, books, now=now)
    to_go = {one.name for one in shown.values() if not one.stays and one.since and one.since <= now}
    assert swept(holding, books, now=now) == to_go
    assert (stuck.name in to_go) is (hours >= 3)
