"""Admission over a real ledger: what is cut off, comes again or happens at the same time loses no request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from services.restore.admission import Admission, wake
from shared.config import Production
from shared.database.port import Databases, Kind, Snapshot
from shared.events import MessageError, RefreshRequested
from shared.ledger import Ledger
from shared.records import How, Run, Waiting
from shared.stage import Drop
from tests.builders import DIGEST, NOW, a_snapshot, later
from tests.shared.conftest import ledger  # noqa: F401 - a fixture

ANNE = RefreshRequested(source="shop-fr", requested_by="anne", request="a" * 32)
OMAR = RefreshRequested(source="shop-fr", requested_by="omar", request="b" * 32)


@dataclass(frozen=True)
class Source:
    """As much of a source's configuration as admission reads."""

    during_run: str
    kind: Kind = Kind.INSTANCE
    database: str = "shop-fr-prod"
    policy: str = "s3://policies/shop-fr"
    max_snapshot_age: timedelta = timedelta(hours=36)


@dataclass
class Place:
    """A source, its snapshots and the ledger."""

    ledger: Ledger
    during_run: str = "queue"
    snapshots: list[Snapshot] = field(default_factory=list)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.back_up()

    def back_up(self) -> None:
        name = f"rds:shop-fr-prod-{len(self.snapshots)}"
        self.snapshots.append(a_snapshot(name, created_at=later(-5 + len(self.snapshots))))

    def snapshots_of(self, _: str) -> list[Snapshot]:
        return self.snapshots

    def ask(self, request: RefreshRequested) -> Run | Drop:
        config = cast("Production", _Config({"shop-fr": Source(self.during_run)}))
        databases = {kind: cast("Databases", self) for kind in Kind}
        return Admission(config, self.ledger, databases, lambda _: DIGEST, lambda: self.now).admit(request)

    def begin(self, request: RefreshRequested) -> Run:
        """Admit, then hold the source as the stage does."""
        run = self.ask(request)
        assert isinstance(run, Run)
        if run.serves:
            self.ledger.requests.end(run.source, run.serves)
        assert self.ledger.take_lock(run.source, run.run_id)
        return run

    def end(self, run: Run, **facts: Any) -> None:
        """Let a run end, as its removal does but for the wake."""
        self.ledger.record_facts(run.run_id, removed_at=self.now, **(facts or {"shared_at": self.now}))
        self.ledger.release_lock(run.source, run.run_id)

    def waiting(self) -> Waiting | None:
        return self.ledger.requests.waiting("shop-fr")

    def told(self, request: RefreshRequested) -> How | None:
        answer = self.ledger.requests.answered(str(request.request))
        return answer.how if answer else None


@dataclass(frozen=True)
class _Config:
    sources: dict[str, Source]


@pytest.fixture
def place(ledger: Ledger) -> Place:  # noqa: F811 - the fixture
    """A source that lets requests wait."""
    return Place(ledger)


def meanwhile(place: Place, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Let something happen right after the next request waits, before anybody looks again."""
    happened: list[bool] = []
    wait = place.ledger.requests.wait

    def waited(*given: Any) -> None:
        wait(*given)
        if not happened:
            happened.append(True)
            happens()

    monkeypatch.setattr(place.ledger.requests, "wait", waited)


def test_a_run_that_ends_while_a_request_begins_to_wait_does_not_leave_it_waiting(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place.begin(OMAR)
    place.back_up()
    meanwhile(place, monkeypatch, lambda: place.end(first))
    second = place.begin(ANNE)
    assert second.run_id != first.run_id
    assert (second.request, place.told(ANNE), place.waiting()) == (ANNE.request, How.BEGAN, None)


def test_a_request_that_is_woken_while_it_begins_to_wait_is_not_counted_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place.begin(OMAR)
    place.back_up()

    def woken() -> None:
        place.end(first)
        place.begin(wake("shop-fr"))

    meanwhile(place, monkeypatch, woken)
    place.ask(ANNE)
    assert (place.told(ANNE), place.waiting()) == (How.BEGAN, None)
    place.ask(ANNE)
    assert place.waiting() is None
    assert len(list(place.ledger.runs())) == 2


def test_a_wake_that_has_opened_the_run_only_is_joined_by_who_waits_for_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place.begin(OMAR)
    place.back_up()

    def opened() -> None:
        place.end(first)
        place.ask(wake("shop-fr"))

    meanwhile(place, monkeypatch, opened)
    second = place.begin(ANNE)
    assert second.requested_by == "anne"
    assert (place.told(ANNE), place.waiting()) == (How.BEGAN, None)


def test_an_opener_that_comes_again_goes_on_with_its_run(place: Place) -> None:
    opened = place.ask(ANNE)
    assert place.ask(ANNE) == opened
    place.begin(ANNE)
    assert place.ask(ANNE) == opened
    assert place.waiting() is None


def test_an_opener_that_died_before_it_answered_goes_on_with_its_run(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(place.ledger.requests, "answer", _die)
        with pytest.raises(KilledError):
            place.ask(ANNE)
    run = place.begin(ANNE)
    assert (run.attempt, run.request, place.told(ANNE), place.waiting()) == (1, "a" * 32, How.BEGAN, None)


def test_who_died_before_waiting_waits_when_it_comes_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.begin(OMAR)
    with monkeypatch.context() as killed:
        killed.setattr(place.ledger.requests, "wait", _die)
        with pytest.raises(KilledError):
            place.ask(ANNE)
    assert (place.told(ANNE), place.waiting()) == (How.QUEUED, None)
    place.ask(ANNE)
    waiting = place.waiting()
    assert waiting is not None
    assert waiting.tokens == {ANNE.request}


def test_what_waits_goes_with_the_schedule_if_that_comes_before_the_wake(place: Place) -> None:
    first = place.begin(OMAR)
    place.ask(ANNE)
    place.end(first)
    place.back_up()
    second = place.begin(RefreshRequested(source="shop-fr", request="c" * 32))
    assert second.requested_by == "anne, schedule"
    assert isinstance(place.ask(wake("shop-fr")), Drop)
    assert place.told(ANNE) is How.BEGAN


def test_who_asks_while_a_run_is_still_opening_waits_for_its_end(place: Place) -> None:
    place.ask(OMAR)
    run = place.ask(ANNE)
    assert isinstance(run, Run)
    assert run.request == OMAR.request, "one more look at it, in case its message was lost"
    waiting = place.waiting()
    assert waiting is not None
    assert waiting.requesters == {"anne"}


def test_a_source_that_joins_refuses_what_nobody_can_restore(place: Place) -> None:
    place.during_run = "join"
    place.now = later(100)
    with pytest.raises(MessageError, match="max_snapshot_age"):
        place.ask(ANNE)
    assert place.told(ANNE) is How.REFUSED
    place.now = NOW
    assert isinstance(place.ask(ANNE), Run), "the letter is replayed once there is a snapshot"


def test_a_request_for_one_target_is_development_s(place: Place) -> None:
    asked = ANNE.model_copy(update={"target": "shop-fr-team"})
    with pytest.raises(MessageError, match="development's to refresh"):
        place.ask(asked)
    assert place.told(asked) is How.REFUSED


class KilledError(BaseException):
    """The process is killed here."""


def _die(*_: object) -> None:
    raise KilledError
