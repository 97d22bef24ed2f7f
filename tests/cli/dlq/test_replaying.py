"""`snapveil dlq replay` over a driven world: what is sent, where, in which order, and what is left."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.events import ContinueRequested, DatabaseRestored, SnapshotShared, StageFailed, dump
from tests.builders import a_run
from tests.cli.dlq.conftest import ASKED, DAY, UNKNOWN, Operator

DEAD = "snapveil-restore-dlq"


def test_a_dry_run_tells_everything_and_changes_nothing(three: Operator) -> None:
    before = {one["MessageId"] for one in three.waiting(DEAD)}
    assert three.types("dlq", "replay", "--all", "--dry-run") == 0
    for words in (
        "refused again: the configuration has no",
        "refused again: the body is no JSON",
        "looks: begins",
    ):
        assert words in three.out
    assert "nothing was changed" in three.out
    assert {one["MessageId"] for one in three.waiting(DEAD)} == before
    assert three.waiting("snapveil-restore") == []
    assert three.noted("dead-letters") == []


def test_what_would_be_refused_again_stays_and_says_so_by_the_exit_code(three: Operator) -> None:
    assert three.types("dlq", "replay", "--all") == 1
    assert three.out.count("it stays where it is") == 2
    assert len(three.waiting(DEAD)) == 2
    assert [one["Body"] for one in three.waiting("snapveil-restore")] == [dump(ASKED)]


def test_force_sends_even_what_is_refused_again(three: Operator) -> None:
    assert three.types("dlq", "replay", "--reason", "NO JSON", "--force") == 0
    assert [one["Body"] for one in three.waiting("snapveil-restore")] == ["}{"]
    three.world.run(at_most=DAY)
    assert len(three.waiting(DEAD)) == 3


@pytest.mark.parametrize(
    ("conditions", "chosen"),
    [
        (["--reason", "shop-xx"], 1),
        (["--stage", "restore"], 3),
        (["--stage", "snapshot"], 0),
        (["--stage", "restore", "--reason", "no"], 3),
        (["--older-than", "1h"], 2),
        (["--newer-than", "1h"], 1),
        (["--run", "shop-fr-20261116t0505-00000000"], 0),
    ],
)
def test_letters_are_chosen_by_every_condition_that_is_given(
    aged: Operator, conditions: list[str], chosen: int
) -> None:
    assert aged.types("dlq", "replay", "--dry-run", *conditions) == 0
    assert f"{DEAD}: {chosen} chosen" in aged.out if chosen else "no dead letter is meant" in aged.out


def restored(operator: Operator) -> list[dict[str, Any]]:
    """What was sent to restore, other than by its schedules."""
    return [one for one in operator.waiting("snapveil-restore") if "replayed_by" in one["said"]]


class Killed(BaseException):
    """What a kill looks like from within: no handler catches it."""


def killed_at(monkeypatch: pytest.MonkeyPatch, operator: Operator, operation: str, *, after: bool) -> None:
    """Let the client of the account die at one call, before or after its effect."""
    sqs = operator.client("sqs")
    call: Callable[..., Any] = getattr(sqs, operation)

    def die(**arguments: Any) -> Any:
        if after:
            call(**arguments)
        raise Killed

    monkeypatch.setattr(sqs, operation, die)


@pytest.mark.parametrize(
    ("operation", "after", "sent", "left"),
    [
        ("send_message", False, 0, 1),
        ("send_message", True, 1, 1),
        ("delete_message", False, 1, 1),
        ("delete_message", True, 1, 0),
    ],
)
def test_a_kill_at_any_moment_loses_no_message(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, operation: str, after: bool, sent: int, left: int
) -> None:
    operator.bury(DEAD, dump(ASKED), reason="x")
    with monkeypatch.context() as dying:
        # A kill leaves no time to give anything back.
        dying.setattr(operator.client("sqs"), "change_message_visibility_batch", lambda **_: None)
        killed_at(dying, operator, operation, after=after)
        with pytest.raises(Killed):
            operator.types("dlq", "replay", "--reason", "x")
    assert operator.waiting(DEAD) == []
    operator.world.jump(operator.world.now + DAY / 24)
    assert (len(restored(operator)), len(operator.waiting(DEAD))) == (sent, left)
    if left:
        assert operator.types("dlq", "replay", "--reason", "x") == 0
    assert len(restored(operator)) == sent + left
    assert operator.waiting(DEAD) == []
    assert operator.noted("dead-letters")


def test_what_aws_refuses_is_one_line_and_the_letters_are_given_back(
    three: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs = three.client("sqs")

    def refuse(**_: Any) -> None:
        raise sqs.exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SendMessage")

    monkeypatch.setattr(sqs, "send_message", refuse)
    assert three.types("dlq", "replay", "--all") == 1
    assert three.err.startswith("snapveil: An error occurred (AccessDenied)")
    assert len(three.waiting(DEAD)) == 3


def test_a_letter_of_a_finished_run_is_dropped_with_a_note_in_its_history(operator: Operator) -> None:
    now = operator.world.now
    run = operator.knows(shared_at=now, removed_at=now, received_at=now, replaced_at=now)
    message = DatabaseRestored(run_id=run.run_id, resource_id="db-X")
    stale = ContinueRequested(subject=run.key, step="restore", token="0" * 32, after="1" * 32)
    operator.bury("snapveil-anonymize-dlq", dump(message), reason="x")
    operator.bury(DEAD, dump(stale), reason="y")
    assert operator.types("dlq", "replay", "--run", run.run_id) == 0
    assert "dropped: the run has shared its snapshot; nothing more is made for it" in operator.out
    assert "dropped: a stale wait" in operator.out
    assert operator.lists() == []
    assert operator.waiting("snapveil-anonymize") == operator.waiting("snapveil-restore") == []
    lines = operator.noted(run.run_id)
    assert [line.what for line in lines] == ["dropped", "dropped"]
    assert lines[0].why.startswith(
        "by assumed-role/operator/local: DatabaseRestored from snapveil-anonymize-dlq (x)"
    )


class TestMending:
    def test_a_field_is_set_and_the_message_checked_before_it_is_sent(self, three: Operator) -> None:
        assert three.types("dlq", "replay", "--reason", "shop-xx", "--set", "source=shop-fr") == 0
        (sent,) = three.waiting("snapveil-restore")
        assert json.loads(sent["Body"])["source"] == "shop-fr"

    def test_what_is_no_message_after_it_was_set_is_not_sent(self, three: Operator) -> None:
        assert three.types("dlq", "replay", "--reason", "shop-xx", "--set", "colour=red") == 2
        assert "RefreshRequested.colour: Extra inputs are not permitted; nothing was sent" in three.err
        assert three.types("dlq", "replay", "--reason", "no JSON", "--set", "source=shop-fr") == 2
        assert "its body is no JSON object; write it anew with --edit" in three.err
        assert three.waiting("snapveil-restore") == []
        assert len(three.waiting(DEAD)) == 3

    def test_a_field_inside_an_event_s_envelope_is_set_there(self, operator: Operator) -> None:
        run = operator.knows(shared_at=operator.world.now)
        event = StageFailed(run_id=run.run_id, stage="receiver", reason="old")
        envelope = {"detail-type": event.type, "source": "snapveil", "account": "222222222222"}
        body = json.dumps(envelope | {"detail": json.loads(dump(event))})
        letter = operator.bury("snapveil-snapshot-dlq", body, reason="x")
        assert operator.types("dlq", "replay", letter, "--set", "reason=new") == 0
        (sent,) = operator.waiting("snapveil-snapshot")
        assert json.loads(sent["Body"]) == envelope | {"detail": json.loads(dump(event)) | {"reason": "new"}}

    def test_an_editor_may_write_it_anew(self, three: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[str] = []

        def edit(text: str, extension: str) -> str:
            seen.append(text)
            return dump(ASKED)

        monkeypatch.setattr("click.edit", edit)
        assert three.types("dlq", "replay", "--reason", "no JSON", "--edit") == 0
        assert seen == ["}{"]
        (sent,) = three.waiting("snapveil-restore")
        assert json.loads(sent["Body"])["source"] == "shop-fr"

    def test_an_editor_that_is_left_sends_nothing(
        self, three: Operator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("click.edit", lambda *_, **__: None)
        assert three.types("dlq", "replay", "--reason", "no JSON", "--edit") == 2
        assert "nothing was changed in the editor" in three.err
        assert len(three.waiting(DEAD)) == 3


def test_a_message_of_a_schedule_goes_to_the_queue_that_it_was_for(operator: Operator) -> None:
    wrapped = json.dumps({"MessageBody": dump(ASKED), "QueueUrl": operator.url("snapveil-restore")})
    operator.bury(
        "snapveil-schedules-dlq",
        wrapped,
        SCHEDULE_ARN="arn:aws:scheduler:eu-west-3:111111111111:schedule/snapveil/refresh-shop-fr",
        TARGET_ARN="arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
        ERROR_CODE="AccessDenied",
    )
    assert operator.types("dlq", "replay", "--all") == 0
    (sent,) = operator.waiting("snapveil-restore")
    assert (sent["Body"], set(sent["said"])) == (dump(ASKED), {"replayed_by", "replayed_at", "replayed_for"})


def test_a_letter_that_cannot_be_sent_stops_none_of_those_behind_it(operator: Operator) -> None:
    gone = "arn:aws:sqs:eu-west-3:111111111111:snapveil-gone"
    operator.bury(DEAD, "?", RULE_ARN="r", TARGET_ARN=gone, ERROR_CODE="SQS_QUEUE_NOT_FOUND")
    operator.bury("snapveil-schedules-dlq", "?", reason="nobody knows")
    operator.world.jump(operator.world.now + DAY / 24000)
    operator.bury(DEAD, dump(ASKED), reason="x")
    assert operator.types("dlq", "replay", "--all", "--force") == 1
    assert "not sent: snapveil-gone does not take it" in operator.out
    assert "refused again: " in operator.out
    assert len(operator.waiting(DEAD)) == len(operator.waiting("snapveil-schedules-dlq")) == 1
    assert [one["Body"] for one in restored(operator)] == [dump(ASKED)]


def test_development_s_letters_are_noted_in_the_history_of_their_target(operator: Operator) -> None:
    operator.work_in("development")
    run = a_run()
    operator.world.ledger("development").record_delivery(run.run_id, replaced_at=operator.world.now)
    message = SnapshotShared(
        run_id=run.run_id,
        kind=run.kind,
        snapshot_arn=f"arn:aws:rds:eu-west-3:111111111111:snapshot:snapveil-shr-{run.run_id}",
        policy_digest=run.policy_digest,
    )
    operator.bury("snapveil-receiver-dlq", dump(message), reason="x")
    operator.bury("snapveil-receiver-dlq", dump(UNKNOWN), reason="x")
    assert operator.types("dlq", "replay", "--reason", "x") == 1
    assert "dropped: the target is of this run already" in operator.out
    assert [line.what for line in operator.noted("target#shop-fr")] == ["dropped"]


@pytest.fixture
def aged(three: Operator) -> Operator:
    """Three dead letters, of which one is new."""
    letters = three.waiting(DEAD)
    three.world.jump(three.world.now + DAY / 12)
    newest = letters[-1]
    three.client("sqs").delete_message(QueueUrl=three.url(DEAD), ReceiptHandle=newest["ReceiptHandle"])
    three.bury(DEAD, newest["Body"], **newest["said"])
    return three
