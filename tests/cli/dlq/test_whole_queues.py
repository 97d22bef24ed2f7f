"""Replaying a whole queue: SQS does it, at a rate, watched, and cancelled when the operator leaves."""

import time
from typing import Any

import pytest

from cli.exits import INTERRUPTED
from shared.events import RefreshRequested, SweepRequested, dump
from tests.cli.dlq.conftest import DAY, UNKNOWN, Operator

DEAD = "snapveil-restore-dlq"


@pytest.fixture
def many(operator: Operator) -> Operator:
    """Five sweeps that were buried; a replay of any is worth while."""
    for _ in range(5):
        operator.bury(DEAD, dump(SweepRequested()), stage="restore", reason="x")
    return operator


def tasks(operator: Operator) -> list[dict[str, Any]]:
    sqs = operator.client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=operator.url(DEAD), AttributeNames=["QueueArn"])
    listed = sqs.list_message_move_tasks(SourceArn=arn["Attributes"]["QueueArn"], MaxResults=10)
    began = operator.began.timestamp() * 1000
    return [task for task in listed.get("Results", []) if task["StartedTimestamp"] >= began]


def test_a_queue_of_which_everything_goes_back_is_moved_by_sqs_to_its_stage(many: Operator) -> None:
    began = many.world.now
    assert many.types("dlq", "replay", "--all", "--rate", "2") == 0
    (task,) = tasks(many)
    assert task["DestinationArn"].endswith(":snapveil-restore")
    assert (task["MaxNumberOfMessagesPerSecond"], task["ApproximateNumberOfMessagesMoved"]) == (2, 5)
    assert "2 of 5 moved" in many.out
    assert "5 moved to snapveil-restore by SQS, completed" in many.out
    assert (many.world.now - began).total_seconds() >= 2.5
    assert (len(many.waiting("snapveil-restore")), many.waiting(DEAD)) == (5, [])
    assert len(many.noted("dead-letters")) == 5
    many.world.run(at_most=DAY)
    assert many.lists() == []


def test_what_sqs_redrove_itself_goes_back_without_naming_where(operator: Operator) -> None:
    sqs, url = operator.client("sqs"), operator.url("snapveil-restore")
    sqs.send_message(QueueUrl=url, MessageBody=dump(SweepRequested()))
    for _ in range(6):
        sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    assert [one["cause"] for one in operator.lists()] == ["exhausted"]
    assert operator.types("dlq", "replay", "--stage", "restore") == 0
    (task,) = tasks(operator)
    assert "DestinationArn" not in task
    assert len(operator.waiting("snapveil-restore")) == 1


def test_an_operator_who_leaves_cancels_the_task(many: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    jump = time.sleep

    def leave(seconds: float) -> None:
        jump(seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", leave)
    assert many.types("dlq", "replay", "--all", "--rate", "2") == INTERRUPTED
    (task,) = tasks(many)
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("CANCELLED", 2)
    many.world.jump(many.world.now + DAY)
    assert len(many.waiting(DEAD)) == 3


def test_a_task_that_is_running_already_is_told(many: Operator) -> None:
    sqs = many.client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=many.url(DEAD), AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    sqs.start_message_move_task(
        SourceArn=arn, DestinationArn=arn.removesuffix("-dlq"), MaxNumberOfMessagesPerSecond=1
    )
    assert many.types("dlq", "replay", "--all") == 1
    assert "already a task running" in many.err


def test_a_queue_of_which_something_stays_is_sent_letter_by_letter(many: Operator) -> None:
    many.bury(DEAD, dump(UNKNOWN), stage="restore", reason="x")
    assert many.types("dlq", "replay", "--all", "--rate", "500") == 1
    assert tasks(many) == []
    assert (len(many.waiting("snapveil-restore")), len(many.waiting(DEAD))) == (5, 1)


def test_letters_are_sent_no_faster_than_the_rate(many: Operator) -> None:
    began = many.world.now
    assert many.types("dlq", "replay", "--reason", "x", "--rate", "1") == 0
    assert (many.world.now - began).total_seconds() == pytest.approx(4, abs=0.1)


def test_letters_stay_held_however_long_a_replay_takes(
    many: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    jump = time.sleep

    def look(seconds: float) -> None:
        jump(200)
        seen.append(len(many.waiting(DEAD)))

    monkeypatch.setattr(time, "sleep", look)
    assert many.types("dlq", "replay", "--reason", "x", "--rate", "1") == 0
    assert seen == [0] * 4
    assert len(many.waiting("snapveil-restore")) == 5


class TestDropping:
    def test_a_dropped_letter_is_gone_and_the_ledger_keeps_what_it_was(self, many: Operator) -> None:
        letter = many.bury(DEAD, dump(RefreshRequested(source="shop-xx")), reason="unknown source")
        assert many.types("dlq", "drop", letter, "--yes") == 0
        assert "dropped 1" in many.out
        assert len(many.waiting(DEAD)) == 5
        (line,) = many.noted("dead-letters")
        assert (line.what, '"source":"shop-xx"' in line.why) == ("dropped", True)

    def test_without_a_yes_nothing_is_dropped(self, many: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []
        monkeypatch.setattr("click.confirm", asked.append)
        assert many.types("dlq", "drop", "--all") == 0
        assert asked == ["Drop 5 dead letters for good?"]
        assert len(many.waiting(DEAD)) == 5
        assert many.noted("dead-letters") == []
