"""Snapshot decides: what is shared is the copy of the very database that was verified, or nothing is."""

from dataclasses import replace

import pytest

from services.snapshot.stage import (
    Action,
    CopyToShareKey,
    CreateSnapshot,
    DeleteMasked,
    Seen,
    Share,
    Unshare,
    Wanted,
    decide,
)
from services.snapshot.withdrawal import DeleteSnapshot
from services.snapshot.withdrawal import Seen as SeenLater
from services.snapshot.withdrawal import Unshare as TakeBack
from services.snapshot.withdrawal import decide as decide_withdrawal
from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.events import SnapshotShared
from shared.records import Run
from tests.builders import (
    DEVELOPMENT,
    DIGEST,
    NOW,
    RESOURCE_ID,
    RUN_ID,
    SHARE_KEY,
    a_database,
    a_run,
    a_snapshot,
    a_verification,
    later,
)

WANTED = Wanted(SHARE_KEY, frozenset({DEVELOPMENT}))
RUN = a_run(resource_id=RESOURCE_ID, anonymized_at=NOW)
MASKED = a_snapshot()
SHARED = a_snapshot(f"snapveil-shr-{RUN_ID}", kms_key=SHARE_KEY)
EVENT = SnapshotShared(run_id=RUN_ID, kind="instance", snapshot_arn=SHARED.arn, policy_digest=DIGEST)
VERIFIED = Seen(verification=a_verification(), database=a_database(), masked=None, shared=None)
ALL_RIGHT = replace(VERIFIED, shared=SHARED, shared_with=frozenset({DEVELOPMENT}))


@pytest.mark.parametrize(
    ("look", "decision"),
    [
        (VERIFIED, Act(CreateSnapshot(MASKED.name))),
        (
            replace(VERIFIED, database=a_database(status="modifying")),
            Wait(f"{a_database().name}, which is modifying"),
        ),
        (replace(VERIFIED, masked=a_snapshot(status="creating")), Wait(f"{MASKED.name}, which is creating")),
        (replace(VERIFIED, masked=MASKED), Act(CopyToShareKey(SHARED.name))),
        (replace(VERIFIED, masked=MASKED, database=None), Act(CopyToShareKey(SHARED.name))),
        (
            replace(VERIFIED, masked=MASKED, shared=replace(SHARED, status="creating", condition="pending")),
            Wait(f"{SHARED.name}, which is creating"),
        ),
        (replace(VERIFIED, masked=MASKED, shared=SHARED), Act(Share(frozenset({DEVELOPMENT})))),
        (replace(ALL_RIGHT, masked=MASKED), Act(DeleteMasked(MASKED.name))),
        (ALL_RIGHT, Finish(EVENT, why=f"{SHARED.name} is shared with {DEVELOPMENT}")),
        (replace(ALL_RIGHT, shared_with=frozenset({DEVELOPMENT, "all"})), Act(Unshare(frozenset({"all"})))),
        (
            replace(ALL_RIGHT, shared_with=frozenset({DEVELOPMENT, "999999999999"})),
            Act(Unshare(frozenset({"999999999999"}))),
        ),
    ],
)
def test_the_way_to_a_shared_snapshot(look: Seen, decision: Decision[Action]) -> None:
    assert decide(RUN, look, WANTED) == decision


@pytest.mark.parametrize(
    ("run", "look", "why"),
    [
        (RUN, replace(ALL_RIGHT, verification=None), "no verification"),
        (RUN, replace(ALL_RIGHT, verification=a_verification(passed=False)), "did not pass"),
        (RUN, replace(ALL_RIGHT, verification=a_verification(run_id="shop-fr-1")), "another run"),
        (RUN, replace(ALL_RIGHT, verification=a_verification(policy_digest="cd" * 32)), "another run"),
        (RUN, replace(ALL_RIGHT, verification=a_verification(database_resource_id="db-X")), "another run"),
        (RUN, replace(VERIFIED, database=a_database(resource_id="db-X")), "not the database"),
        (RUN, replace(VERIFIED, database=None), "is gone"),
        (
            RUN,
            replace(VERIFIED, masked=a_snapshot(database_resource_id="db-X")),
            "not a snapshot of the database",
        ),
        (RUN, replace(VERIFIED, masked=a_snapshot(tags={})), "this run's tag"),
        (RUN, replace(ALL_RIGHT, shared=replace(SHARED, tags={})), "this run's tag"),
        (RUN, replace(ALL_RIGHT, shared=replace(SHARED, database_resource_id="db-X")), "not a snapshot"),
        (RUN, replace(ALL_RIGHT, shared=replace(SHARED, kms_key="other")), "not under the share key"),
        (RUN, replace(VERIFIED, masked=a_snapshot(status="failed")), "is failed"),
    ],
)
def test_whatever_is_not_proven_is_not_shared(run: Run, look: Seen, why: str) -> None:
    decision = decide(run, look, WANTED)
    assert isinstance(decision, Fail)
    assert why in decision.why


@pytest.mark.parametrize("ended", [{"failed_at": NOW}, {"shared_at": NOW}])
def test_nothing_more_is_made_for_a_run_that_is_over(ended: dict[str, object]) -> None:
    assert isinstance(decide(a_run(**ended), VERIFIED, WANTED), Finish)


WEEK = later(24 * 7) - NOW
LEFT = SeenLater(now=later(1), masked=None, shared=SHARED, shared_with=frozenset({DEVELOPMENT}))


@pytest.mark.parametrize(
    ("run", "look", "decision"),
    [
        (a_run(shared_at=NOW), LEFT, Finish(why="the snapshot is still to be copied")),
        (a_run(shared_at=NOW, received_at=NOW), LEFT, Act(TakeBack(frozenset({DEVELOPMENT})))),
        (a_run(shared_at=NOW), replace(LEFT, now=later(24 * 7 + 1)), Act(TakeBack(frozenset({DEVELOPMENT})))),
        (a_run(failed_at=NOW), replace(LEFT, masked=MASKED), Act(DeleteSnapshot(MASKED.name))),
        (a_run(failed_at=NOW), replace(LEFT, shared_with=frozenset()), Act(DeleteSnapshot(SHARED.name))),
        (
            a_run(failed_at=NOW),
            replace(LEFT, masked=a_snapshot(status="creating")),
            Wait(f"{MASKED.name}, which is creating"),
        ),
        (
            a_run(failed_at=NOW),
            replace(LEFT, shared=None, shared_with=frozenset()),
            Finish(why="nothing of the snapshot is left in production"),
        ),
    ],
)
def test_the_way_to_withdrawal(run: Run, look: SeenLater, decision: Decision[object]) -> None:
    assert decide_withdrawal(run, look, WEEK) == decision
