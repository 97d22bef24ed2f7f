"""`snapveil dlq list` and `show`: what lies there, why, and that looking changes nothing."""

import pytest

from cli.dlq import queues
from shared.events import DatabaseRestored, StageFailed, dump
from tests.cli.dlq.conftest import ASKED, DAY, Operator


def test_an_empty_account_has_no_dead_letters(operator: Operator) -> None:
    assert operator.types("dlq", "list") == 0
    assert "account 111111111111: 0 dead letters in" in operator.out
    assert operator.lists() == []


def test_letters_of_one_kind_are_counted_together_with_the_age_of_the_oldest(operator: Operator) -> None:
    for _ in range(3):
        operator.bury("snapveil-restore-dlq", dump(ASKED), stage="restore", reason="no snapshot")
        operator.world.jump(operator.world.now + DAY / 12)
    assert operator.types("dlq", "list") == 0
    assert "3 6h restore RefreshRequested no snapshot" in operator.out
    assert "3 dead letters in" in operator.out


def test_a_program_is_told_each_letter(three: Operator) -> None:
    listed = three.lists()
    assert [(one["queue"], one["stage"], one["type"], one["cause"]) for one in listed] == [
        ("snapveil-restore-dlq", "restore", "RefreshRequested", "buried"),
        ("snapveil-restore-dlq", "restore", None, "buried"),
        ("snapveil-restore-dlq", "restore", "RefreshRequested", "buried"),
    ]
    assert "no source 'shop-xx'" in listed[0]["reason"]
    assert "no JSON" in listed[1]["reason"]


def test_looking_leaves_every_letter_for_others_to_see(three: Operator) -> None:
    ids = {one["id"] for one in three.lists()}
    assert three.types("dlq", "show", next(iter(ids))) == 0
    assert {message["MessageId"] for message in three.waiting("snapveil-restore-dlq")} == ids


def test_a_buried_letter_is_shown_with_its_reason_and_what_a_replay_would_do(three: Operator) -> None:
    wrong, _, good = (one["id"] for one in three.lists())
    assert three.types("dlq", "show", wrong[:8]) == 0
    assert "reason the configuration has no source 'shop-xx'" in three.out
    assert "a replay: refused again – the configuration has no 'shop-xx' (it has shop-fr)" in three.out
    assert '"source": "shop-xx"' in three.out
    assert three.types("dlq", "show", good) == 0
    assert "a replay: looks – begins a run if there is a newer snapshot" in three.out


def test_a_letter_that_failed_on_every_delivery_is_shown_with_its_queue_and_the_run_s_failure(
    operator: Operator,
) -> None:
    now = operator.world.now
    run = operator.knows(shared_at=now, removed_at=now, received_at=now, replaced_at=now)
    message = DatabaseRestored(run_id=run.run_id, resource_id="db-X")
    operator.client("sqs").send_message(
        QueueUrl=operator.url("snapveil-anonymize"), MessageBody=dump(message)
    )
    sqs = operator.client("sqs")
    for _ in range(6):  # a function that dies says nothing
        sqs.receive_message(QueueUrl=operator.url("snapveil-anonymize"), VisibilityTimeout=0)
    (listed,) = operator.lists()
    assert (listed["cause"], listed["run_id"]) == ("exhausted", run.run_id)
    assert operator.types("dlq", "show", listed["id"]) == 0
    assert f"run {run.run_id} succeeded" in operator.out
    assert (
        "cause failed on every delivery came from arn:aws:sqs:eu-west-3:111111111111:snapveil-anonymize"
        in operator.out
    )
    assert "a replay: nothing to do – the run has shared its snapshot" in operator.out


def test_an_error_of_the_service_itself_is_beside_the_letter(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.ledger import Ledger

    def break_down(*_: object) -> None:
        raise RuntimeError("the table is on fire")

    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "open_run", break_down)
        broken.setattr("shared.runtime.Runtime.abandon", lambda *_: None)
        operator.world.send("restore", ASKED)
        operator.world.run(at_most=DAY)
    (listed,) = operator.lists()
    assert (listed["type"], listed["error"]) == ("RefreshRequested", "RuntimeError")
    assert listed["reason"] == "on every delivery: the table is on fire"


def test_what_a_hostile_message_does_to_a_terminal_is_escaped(operator: Operator) -> None:
    letter = operator.bury("snapveil-restore-dlq", '{"type": "\\u001b[2J[/red]"}', reason="[/bold]\x1b[31m")
    for arguments in (
        ["list"],
        ["show", letter],
        ["replay", letter, "--dry-run"],
        ["replay", letter, "--force"],
    ):
        assert operator.types("dlq", *arguments) == 0
        assert "[/red]" in operator.out
        assert "\x1b" not in operator.out
    assert operator.types("dlq", "log") == 0
    assert "[/bold]" in operator.out


def test_both_kinds_of_undelivered_messages_say_what_refused_them(operator: Operator) -> None:
    rule = "arn:aws:events:eu-west-3:111111111111:rule/snapveil/to-development"
    operator.bury(
        "snapveil-to-development-dlq",
        '{"detail-type": "StageFailed", "source": "snapveil", "account": "111111111111", "detail": {}}',
        RULE_ARN=rule,
        TARGET_ARN="arn:aws:events:eu-west-3:222222222222:event-bus/snapveil",
        ERROR_CODE="NO_PERMISSIONS",
        ERROR_MESSAGE="not authorized",
    )
    operator.bury(
        "snapveil-schedules-dlq",
        dump(ASKED),
        SCHEDULE_ARN="arn:aws:scheduler:eu-west-3:111111111111:schedule/snapveil/refresh-shop-fr",
        TARGET_ARN="arn:aws:sqs:eu-west-3:111111111111:snapveil-restore",
        ERROR_CODE="AWS.SimpleQueueService.NonExistentQueue",
        ERROR_MESSAGE="The specified queue does not exist",
    )
    told = {one["queue"]: one for one in operator.lists()}
    undelivered = told["snapveil-to-development-dlq"]
    assert (undelivered["cause"], undelivered["reason"]) == ("undelivered", "NO_PERMISSIONS: not authorized")
    assert (told["snapveil-schedules-dlq"]["cause"], told["snapveil-schedules-dlq"]["stage"]) == (
        "unscheduled",
        "restore",
    )
    assert operator.types("dlq", "show", undelivered["id"]) == 0
    assert f"came from {rule}" in operator.out


def test_both_accounts_can_be_looked_at_by_profile(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Session:
        def __init__(self, profile_name: str) -> None:
            self._account = operator.world.accounts[profile_name]

        def client(self, service: str, **_: object) -> object:
            return self._account.client(service)

    monkeypatch.setattr("boto3.Session", Session)
    operator.work_in("development")
    operator.bury(
        "snapveil-receiver-dlq",
        dump(StageFailed(run_id="a-20261116t0505-00000000", stage="restore", reason="x")),
    )
    assert operator.types("dlq", "list", "--profile", "production", "--profile", "development") == 0
    assert "account 111111111111: 0 dead letters in" in operator.out
    assert "account 222222222222: 1 dead letter in" in operator.out


UNUSABLE = [
    (["show", "00000000"], "no dead letter is called 00000000"),
    (["show", "0"], "too short"),
    (["replay"], "say which dead letters"),
    (["replay", "--all", "--stage", "restore"], "--all means every dead letter"),
    (["replay", "--stage", "cooking"], "Invalid value for '--stage'"),
    (["replay", "--older-than", "soon"], "is no age"),
    (["replay", "--all", "--rate", "0"], "Invalid value for '--rate'"),
    (["replay", "--all", "--set", "source"], "write field=value"),
    (["replay", "--all", "--edit"], "--edit is for one dead letter, not for 0"),
    (["replay", "deadbeef"], "no dead letter is called deadbeef"),
    (["drop", "deadbeef", "--yes"], "no dead letter is called deadbeef"),
    (["list", "--config", "x.yaml"], "write where the services read theirs"),
]


def test_what_cannot_be_used_is_said_and_nothing_is_done(operator: Operator) -> None:
    for arguments, said in UNUSABLE:
        assert operator.types("dlq", *arguments) == 2, arguments
        assert said in operator.err


def test_an_account_without_snapveil_is_told_apart_from_one_without_dead_letters(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "PREFIX", "elsewhere-")
    assert operator.types("dlq", "list") == 2
    assert "has no queue snapveil-…-dlq in this region" in operator.err
