"""Least privilege, proven by recording: what roles do is allowed, and what is allowed is done.

Whole runs and their failing paths on the driven clock, every call of every role held against the policies of
the deployed stacks. The role `operator`, who only prepares and looks, may do everything and is not recorded.
"""

from collections.abc import Callable

import pytest

from local.accounts import DEVELOPMENT, PRODUCTION
from local.authorization.authorizer import Call
from local.task_runners import Outcome
from shared import names
from shared.database.port import Kind
from shared.events import RefreshRequested, SweepRequested
from shared.records import Status
from tests.infra.places import statements
from tests.infra.recording import DAY, STRANGER, Recording, recording
from tests.infra.synthesized import kind_of

ASKED = RefreshRequested(source="shop-fr")


def asked_for(recorded: Recording) -> None:
    """A week after a week, begun by the schedules: the third copy makes the first one go."""
    for _ in range(3 if recorded.scene.kind is Kind.INSTANCE else 1):
        recorded.world.fire_schedule("production", "refresh-shop-fr")
        recorded.world.run(at_most=DAY)
        assert recorded.scene.run().status is Status.SUCCEEDED
        recorded.scene.wait(hours=7 * 24)
        recorded.scene.backup()
    for account, schedule in (
        ("production", "sweep-restore"),
        ("production", "sweep-snapshot"),
        ("development", "refresh-shop-fr"),
        ("development", "sweep-receiver"),
    ):
        recorded.world.fire_schedule(account, schedule)
    recorded.world.run(at_most=DAY)


def not_verified(recorded: Recording) -> None:
    """What did not pass is not shared, and is removed."""
    recorded.verdict = False
    recorded.world.send("restore", ASKED)
    recorded.world.run(at_most=DAY)
    assert recorded.scene.run().status is Status.FAILED


def never_ending(recorded: Recording) -> None:
    """A worker that never ends is stopped."""
    recorded.world.tasks.outcome = lambda _: Outcome(after=30 * 24 * 3600)
    recorded.world.send("restore", ASKED)
    recorded.world.run(at_most=4 * DAY)
    assert recorded.scene.run().status is Status.FAILED


def shared_too_far(recorded: Recording) -> None:
    """A share with a stranger is taken back, and one that nobody copies expires."""
    world, scene = recorded.world, recorded.scene
    world.client("production", "events").disable_rule(Name="to-development", EventBusName="snapveil")
    world.send("restore", ASKED)
    rds = world.client("production", "rds")

    def shared() -> list[str]:
        listed = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        ready = [one["DBSnapshotIdentifier"] for one in listed if one["Status"] == "available"]
        return [name for name in ready if name.startswith(names.SHARED)]

    world.run(until=shared, at_most=DAY)
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier=shared()[0], AttributeName="restore", ValuesToAdd=[STRANGER]
    )
    world.run(until=lambda: scene.run().removed_at, at_most=DAY)
    scene.wait(hours=8 * 24)
    world.send("snapshot", SweepRequested())
    world.run(at_most=DAY)
    assert world.leftovers().empty


def not_understood(recorded: Recording) -> None:
    """Messages that nobody can act on are buried, in every stage."""
    for stage in ("restore", "anonymize", "snapshot", "receiver"):
        recorded.world.send(stage, '{"type": "Nonsense"}')
    recorded.world.run(at_most=DAY)


STORIES: list[tuple[Callable[[Recording], None], Kind]] = [
    (asked_for, Kind.INSTANCE),
    (asked_for, Kind.CLUSTER),
    (not_verified, Kind.INSTANCE),
    (never_ending, Kind.INSTANCE),
    (shared_too_far, Kind.INSTANCE),
    (not_understood, Kind.INSTANCE),
]


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """Everything that roles asked for in all stories."""
    recorded: list[Call] = []
    for story, kind in STORIES:
        with recording(kind, recorded) as opened:
            story(opened)
    return recorded


def test_every_call_of_every_role_is_allowed(calls: list[Call]) -> None:
    assert sorted({str(call) for call in calls if not call.allowed}) == []


def test_every_role_of_both_accounts_did_something(calls: list[Call]) -> None:
    idle = {(account, role) for account, role, _ in statements()} - {
        (call.account, kind_of(call.role)) for call in calls
    }
    assert idle <= {(PRODUCTION, "snapveil-worker-execution")}, "ECS pulls no image in the embedded cloud"


def test_every_statement_is_used_by_a_call_or_reserved_with_a_reason(calls: list[Call]) -> None:
    unused = [
        f"{role}: {statement.sid}: no recorded call needs it: remove it, or say why it is reserved"
        for account, role, statement in statements()
        if statement.effect == "Allow" and not statement.reserved
        if statement.sid not in used(calls, account, role)
    ]
    assert unused == []


def test_a_reserved_statement_is_not_used_after_all(calls: list[Call]) -> None:
    wrong = [
        f"{role}: {statement.sid}"
        for account, role, statement in statements()
        if statement.reserved and statement.sid in used(calls, account, role)
    ]
    assert wrong == []


def test_the_recorded_runs_went_the_whole_way(calls: list[Call]) -> None:
    done = {(call.role, call.action) for call in calls}
    assert {
        ("snapveil-restore", "rds:DeleteDBCluster"),
        ("snapveil-snapshot", "rds:ModifyDBClusterSnapshotAttribute"),
        ("snapveil-worker", "secretsmanager:GetSecretValue"),
        ("snapveil-receiver", "rds:DeleteDBSnapshot"),
        ("snapveil-bus-to-production", "events:PutEvents"),
        ("snapveil-schedule-sweep-restore", "sqs:SendMessage"),
    } <= done
    assert {call.account for call in calls} == {PRODUCTION, DEVELOPMENT}


def used(calls: list[Call], account: str, role: str) -> set[str]:
    """Which statements allowed something to a role."""
    return {
        sid for call in calls if (call.account, kind_of(call.role)) == (account, role) for sid in call.sids
    }
