"""The runtime: whatever is delivered twice, late, or cut off between two calls, a step ends once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from pydantic import BaseModel

from shared.config import Pace
from shared.database.guard import GuardError
from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.events import (
    ContinueRequested,
    DatabaseRestored,
    Event,
    MessageError,
    RefreshRequested,
    RemovalRequested,
    StageFailed,
    StageName,
    SweepRequested,
    Trigger,
)
from shared.ledger import Ledger
from shared.records import StepRecord, StepState
from shared.runtime import OvertakenError, Runtime
from shared.stage import Drop
from tests.builders import NOW, RESOURCE_ID, RUN_ID

ASKED = RefreshRequested(source="shop-fr")
DONE = DatabaseRestored(run_id=RUN_ID, resource_id=RESOURCE_ID)


class CrashError(BaseException):
    """The process is killed here."""


@dataclass
class FakeQueue:
    """A queue that only remembers what was put on it."""

    sent: list[tuple[BaseModel, int]] = field(default_factory=list)
    crash_after_send: bool = False

    def send(self, message: BaseModel, delay: int = 0) -> None:
        self.sent.append((message, delay))
        if self.crash_after_send:
            raise CrashError

    def take(self) -> ContinueRequested:
        message, _ = self.sent.pop(0)
        assert isinstance(message, ContinueRequested)
        return message


@dataclass
class FakePublisher:
    """A publisher that only remembers; it can be made to fail."""

    published: list[Event] = field(default_factory=list)
    fails: bool = False

    def publish(self, event: Event) -> None:
        if self.fails:
            raise CrashError
        self.published.append(event)


@dataclass(frozen=True)
class Thing:
    """What the toy stage works on."""

    key: str = "thing#1"
    history: str = "thing"


@dataclass
class Toy:
    """A stage whose decisions the test dictates."""

    decisions: list[Decision[str]]
    name: StageName = "restore"
    step: str = "restore"
    consumes: tuple[type, ...] = (RefreshRequested,)
    deadline: timedelta = timedelta(hours=1)
    level_triggered: bool = False
    acted: list[str] = field(default_factory=list)
    ended: list[object] = field(default_factory=list)
    looks: int = 0
    on_act: Callable[[], None] = lambda: None
    refuses: Drop | None = None

    def admit(self, trigger: Trigger) -> Thing | Drop:
        return self.refuses or Thing()

    def resume(self, key: str) -> Thing | None:
        return Thing()

    def observe(self, subject: Thing) -> int:
        self.looks += 1
        return self.looks

    def decide(self, subject: Thing, seen: int) -> Decision[str]:
        return self.decisions[min(seen, len(self.decisions)) - 1]

    def act(self, subject: Thing, seen: int, action: str) -> None:
        self.on_act()
        self.acted.append(action)

    def done(self, subject: Thing, event: Event | None) -> None:
        self.ended.append(event)

    def give_up(self, subject: Thing, why: str) -> StageFailed:
        self.ended.append(why)
        return StageFailed(run_id=RUN_ID, stage="restore", reason=why)


class Bench:
    """A runtime over a toy stage, a real ledger and a clock that stands still."""

    def __init__(self, ledger: Ledger, *decisions: Decision[str], **stage: Any) -> None:
        self.ledger = ledger
        self.stage = Toy(list(decisions), **stage)
        self.queue = FakeQueue()
        self.publisher = FakePublisher()
        self.now = NOW
        self.runtime = Runtime(
            [self.stage],
            ledger,
            self.queue,  # type: ignore[arg-type]
            self.publisher,  # type: ignore[arg-type]
            Pace(),
            lambda: self.now,
            sweep=lambda: [RemovalRequested(run_id=RUN_ID, reason="left")],
        )

    def state(self) -> StepState:
        record = self.ledger.step("thing#1", "restore")
        assert record is not None
        return record.state


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "RestoreDBInstanceFromDBSnapshot")


def test_a_step_acts_waits_and_finishes_and_publishes_once(ledger: Ledger) -> None:
    bench = Bench(ledger, Act("a"), Wait("it"), Finish(DONE))
    bench.runtime.handle(ASKED)
    bench.runtime.handle(bench.queue.take())
    assert bench.queue.sent[0][1] == 15
    bench.runtime.handle(bench.queue.take())
    assert bench.stage.acted == ["a"]
    assert bench.publisher.published == [DONE]
    assert bench.queue.sent == []
    assert bench.state() is StepState.FINISHED
    assert [line.what for line in ledger.history("thing")] == ["did", "waits", "finished"]


def test_waits_grow_longer_and_the_same_wait_is_one_line_of_history(ledger: Ledger) -> None:
    bench = Bench(ledger, Wait("it"))
    bench.runtime.handle(ASKED)
    delays = []
    for _ in range(4):
        delays.append(bench.queue.sent[0][1])
        bench.runtime.handle(bench.queue.take())
    assert delays == [15, 22, 33, 50]
    assert len(ledger.history("thing")) == 1


def test_a_doubled_wait_is_dropped(ledger: Ledger) -> None:
    bench = Bench(ledger, Wait("it"))
    bench.runtime.handle(ASKED)
    message = bench.queue.take()
    bench.runtime.handle(message)
    bench.runtime.handle(message)
    assert len(bench.queue.sent) == 1


def test_a_doubled_trigger_takes_the_chain_over(ledger: Ledger) -> None:
    bench = Bench(ledger, Wait("it"))
    bench.runtime.handle(ASKED)
    bench.runtime.handle(ASKED)
    first, second = bench.queue.take(), bench.queue.take()
    bench.runtime.handle(first)
    assert bench.queue.sent == []
    bench.runtime.handle(second)
    assert len(bench.queue.sent) == 1


def test_a_crash_between_the_send_and_the_ledger_leaves_one_chain(ledger: Ledger) -> None:
    bench = Bench(ledger, Wait("it"))
    bench.queue.crash_after_send = True
    with pytest.raises(CrashError):
        bench.runtime.handle(ASKED)
    bench.queue.crash_after_send = False
    orphan = bench.queue.take()
    bench.runtime.handle(ASKED)  # it was not acknowledged, so it comes again
    live = bench.queue.take()
    bench.runtime.handle(orphan)
    assert bench.queue.sent == []
    bench.runtime.handle(live)
    assert len(bench.queue.sent) == 1


def test_a_wait_that_overtakes_the_ledger_is_taken_as_live(ledger: Ledger) -> None:
    bench = Bench(ledger, Wait("it"))
    bench.queue.crash_after_send = True
    with pytest.raises(CrashError):
        bench.runtime.handle(ASKED)
    bench.queue.crash_after_send = False
    bench.runtime.handle(bench.queue.take())
    live = bench.queue.take()
    bench.runtime.handle(ASKED)
    bench.queue.sent.pop()  # the trigger took over: its wait is live, the other one is not
    bench.runtime.handle(live)
    assert bench.queue.sent == []


def test_an_outcome_that_was_not_published_is_published_by_the_next_delivery(ledger: Ledger) -> None:
    bench = Bench(ledger, Finish(DONE))
    bench.publisher.fails = True
    with pytest.raises(CrashError):
        bench.runtime.handle(ASKED)
    bench.publisher.fails = False
    bench.runtime.handle(ASKED)
    bench.runtime.handle(ASKED)
    assert bench.publisher.published == [DONE]
    assert bench.stage.looks == 1


@pytest.mark.parametrize(
    ("decided", "published"),
    [
        (Finish(DONE), DONE),
        (Fail("no"), StageFailed(run_id=RUN_ID, stage="restore", reason="no")),
    ],
)
def test_an_ending_that_was_cut_off_is_the_ending_whatever_the_next_look_would_show(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, decided: Decision[str], published: Event
) -> None:
    bench = Bench(ledger, decided, Finish(why="the run is over"))
    advance, cut_off = ledger.advance_step, [True]

    def killed(record: StepRecord, tokens: frozenset[str]) -> bool:
        if record.state is not StepState.WORKING and cut_off.pop():
            raise CrashError
        return advance(record, tokens)

    monkeypatch.setattr(ledger, "advance_step", killed)
    with pytest.raises(CrashError):
        bench.runtime.handle(ASKED)
    assert bench.publisher.published == []
    cut_off.append(False)
    bench.runtime.handle(ASKED)
    assert bench.publisher.published == [published]
    assert bench.stage.looks == 1


def test_a_message_for_an_ended_step_starts_nothing(ledger: Ledger) -> None:
    bench = Bench(ledger, Finish(DONE))
    bench.runtime.handle(ASKED)
    bench.runtime.handle(ASKED)
    assert bench.stage.looks == 1
    assert bench.publisher.published == [DONE]


def test_a_message_for_an_ended_step_starts_a_level_triggered_one_again(ledger: Ledger) -> None:
    bench = Bench(ledger, Finish(DONE), Act("again"), Finish(), level_triggered=True)
    bench.runtime.handle(ASKED)
    bench.runtime.handle(ASKED)
    bench.runtime.handle(bench.queue.take())
    assert bench.stage.acted == ["again"]
    assert bench.publisher.published == [DONE]


def test_a_failure_is_recorded_and_published_once(ledger: Ledger) -> None:
    bench = Bench(ledger, Fail("no"))
    bench.runtime.handle(ASKED)
    bench.runtime.handle(ASKED)
    assert bench.stage.ended == ["no"]
    assert bench.publisher.published == [StageFailed(run_id=RUN_ID, stage="restore", reason="no")]
    assert bench.state() is StepState.FAILED


def test_a_passed_deadline_fails_the_step_without_another_look(ledger: Ledger) -> None:
    bench = Bench(ledger, Wait("the moon"))
    bench.runtime.handle(ASKED)
    bench.now += timedelta(hours=1)
    bench.runtime.handle(bench.queue.take())
    assert bench.stage.looks == 1
    assert bench.stage.ended == ["deadline of 1:00:00 passed while waiting for the moon"]


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        refusal("DBInstanceAlreadyExists"),
        refusal("InvalidDBInstanceState"),
        refusal("ThrottlingException"),
        EndpointConnectionError(endpoint_url="https://rds"),
    ],
    ids=str,
)
def test_a_call_that_may_succeed_later_is_a_wait(ledger: Ledger, error: Exception) -> None:
    bench = Bench(ledger, Act("a"), on_act=raising(error))
    bench.runtime.handle(ASKED)
    assert bench.state() is StepState.WORKING
    assert bench.queue.sent[0][1] == 15


@pytest.mark.parametrize("error", [refusal("AccessDenied"), GuardError("not ours")], ids=str)
def test_a_call_that_never_will_is_a_failure(ledger: Ledger, error: Exception) -> None:
    bench = Bench(ledger, Act("a"), on_act=raising(error))
    bench.runtime.handle(ASKED)
    assert bench.state() is StepState.FAILED


def test_of_two_triggers_at_once_one_comes_again(ledger: Ledger) -> None:
    """The other one moves the step on while this one looks; what it asks for must not be missed."""
    bench = Bench(ledger, Act("slow"), Finish(DONE))
    other = Bench(ledger, Finish(DONE))
    bench.stage.on_act = lambda: other.runtime.handle(ASKED)
    with pytest.raises(OvertakenError):
        bench.runtime.handle(ASKED)
    assert other.publisher.published == [DONE]
    bench.runtime.handle(ASKED)
    assert bench.publisher.published == []


def test_a_wait_that_is_overtaken_is_dropped(ledger: Ledger) -> None:
    bench = Bench(ledger, Wait("it"), Act("slow"))
    bench.runtime.handle(ASKED)
    other = Bench(ledger, Finish(DONE))
    bench.stage.on_act = lambda: other.runtime.handle(ASKED)
    bench.runtime.handle(bench.queue.take())
    assert other.publisher.published == [DONE]
    assert bench.state() is StepState.FINISHED


def test_a_message_about_to_become_a_dead_letter_fails_its_step(ledger: Ledger) -> None:
    bench = Bench(ledger, Wait("it"))
    bench.runtime.handle(ASKED)
    bench.runtime.abandon(bench.queue.take(), "KeyError on every delivery")
    assert bench.stage.ended == ["KeyError on every delivery"]


def test_a_dropped_message_begins_nothing(ledger: Ledger) -> None:
    bench = Bench(ledger, Act("a"), refuses=Drop("of an earlier attempt"))
    bench.runtime.handle(ASKED)
    assert ledger.step("thing#1", "restore") is None


@pytest.mark.parametrize(
    "message",
    [
        DONE,
        ContinueRequested(subject="thing#1", step="snapshot", token="a" * 32, after="b" * 32),
    ],
)
def test_a_message_for_another_service_is_refused(ledger: Ledger, message: Any) -> None:
    with pytest.raises(MessageError):
        Bench(ledger).runtime.handle(message)


def test_a_sweep_puts_what_it_finds_on_the_own_queue(ledger: Ledger) -> None:
    bench = Bench(ledger)
    bench.runtime.handle(SweepRequested())
    assert bench.queue.sent == [(RemovalRequested(run_id=RUN_ID, reason="left"), 0)]


def test_the_clock_of_a_step_starts_with_its_trigger(ledger: Ledger) -> None:
    bench = Bench(ledger, Wait("it"))
    bench.runtime.handle(ASKED)
    record = ledger.step("thing#1", "restore")
    assert record is not None
    expected: datetime = NOW + timedelta(hours=1)
    assert record.deadline == expected
