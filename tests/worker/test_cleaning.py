"""Parts of cleaning beside one another go on together if there are connections for it, the others in turn."""

import threading

import pytest

from services.anonymize.worker.engines.cleaning import Part, run_parts
from services.anonymize.worker.engines.results import Remainder
from services.anonymize.worker.progress import Advance


def test_parts_beside_one_another_go_on_together_and_are_told_in_order() -> None:
    meeting = threading.Barrier(2, timeout=10)  # breaks unless both are there
    told: list[str] = []

    def meet(name: str) -> Remainder:
        meeting.wait()
        return Remainder([name])

    def tell(advance: Advance) -> None:
        told.append(advance.table or "")

    parts = (
        Part[str]("first", lambda _: Remainder()),
        Part[str]("one", lambda _: meet("one")),
        Part[str]("other", lambda _: meet("other"), beside=True),
        Part[str]("last", lambda _: Remainder(beyond=["far"])),
    )
    done = run_parts(parts, "work", tell, connections=2)
    assert [(part.name, part.left, part.beyond) for part in done] == [
        ("first", (), ()),
        ("one", ("one",), ()),
        ("other", ("other",), ()),
        ("last", (), ("far",)),
    ]
    assert told[:4] == ["first", "one", "other", "last"]


def test_with_one_connection_they_go_on_in_turn() -> None:
    busy = threading.Lock()

    def alone(_: str) -> Remainder:
        assert busy.acquire(blocking=False)
        busy.release()
        return Remainder()

    parts = (Part[str]("one", alone), Part[str]("other", alone, beside=True))
    assert [part.name for part in run_parts(parts, "work", lambda _: None)] == ["one", "other"]


def test_an_error_in_one_of_them_ends_cleaning() -> None:
    def fail(_: str) -> Remainder:
        raise RuntimeError("the disk is full")

    parts = (
        Part[str]("one", lambda _: Remainder()),
        Part[str]("other", fail, beside=True),
        Part[str]("never", lambda _: pytest.fail("cleaning went on")),
    )
    with pytest.raises(RuntimeError, match="the disk is full"):
        run_parts(parts, "work", lambda _: None, connections=2)
