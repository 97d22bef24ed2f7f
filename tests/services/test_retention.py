"""Retention: which copies of an account nothing needs any more."""

from services.receiver.retention import removable
from shared import names
from shared.database.port import Snapshot
from tests.builders import a_snapshot

WEEKS = [f"shop-fr-202611{day}t0305-0000000{number}" for number, day in enumerate(("02", "09", "16", "23"))]


def copies(*runs: str, status: str = "available") -> list[Snapshot]:
    return [a_snapshot(names.development_copy(run), status) for run in runs]


def going(found: tuple[Snapshot, ...]) -> list[str | None]:
    return [names.run_of(copy.name) for copy in found]


def test_copies_beyond_keep_could_go_newest_data_stay() -> None:
    assert going(removable(copies(*WEEKS), {"shop-fr": 2}, ())) == [WEEKS[1], WEEKS[0]]


def test_a_copy_that_a_database_stands_on_or_that_was_chosen_stays() -> None:
    assert going(removable(copies(*WEEKS), {"shop-fr": 2}, {WEEKS[0]})) == [WEEKS[1]]


def test_each_source_keeps_its_own() -> None:
    other = WEEKS[0].replace("shop-fr", "shop-es")
    assert removable(copies(*WEEKS[2:], other), {"shop-fr": 2, "shop-es": 1}, ()) == ()


def test_all_copies_of_a_source_without_a_target_could_go() -> None:
    assert going(removable(copies(*WEEKS[:2]), {"shop-es": 2}, ())) == [WEEKS[1], WEEKS[0]]


def test_what_is_unfinished_or_not_of_a_run_is_left_alone() -> None:
    assert removable([a_snapshot("snapveil-cpy-by-hand")], {}, ()) == ()
    assert removable(copies(WEEKS[0], status="creating"), {}, ()) == ()
