"""Restore decides: the whole stage as a table of what is seen and what is done."""

from datetime import timedelta

import pytest

from services.restore.admission import choose_snapshot
from services.restore.stage import (
    Action,
    AddInstance,
    RestoreSnapshot,
    Seen,
    SetMasterPassword,
    TakeLock,
    TakePlace,
    decide,
)
from shared.database.port import Kind
from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.events import DatabaseRestored, MessageError
from shared.records import Run
from tests.builders import NOW, RESOURCE_ID, RUN_ID, a_database, a_run, a_snapshot, later

SOURCE = a_snapshot("rds:shop-fr-prod-2026-11-23-03-05", tags={})
TEMPORARY = f"snapveil-tmp-{RUN_ID}"
PASSWORD_SET = a_run(password_set_for=RESOURCE_ID)
OTHER = "shop-fr-20261116t0305-99999999"


def seen(**changes: object) -> Seen:
    looked = {"lock_holder": RUN_ID, "places": frozenset({RUN_ID}), "snapshot": SOURCE, "database": None}
    return Seen(**looked | changes)  # type: ignore[arg-type]


def decided(run: Run, look: Seen) -> Decision[Action]:
    return decide(run, look, at_once=2)


@pytest.mark.parametrize(
    ("run", "look", "decision"),
    [
        (a_run(), seen(lock_holder=None), Act(TakeLock("shop-fr"))),
        (a_run(), seen(lock_holder=OTHER), Wait(f"run {OTHER} of the same source to end", queued=True)),
        (a_run(), seen(places=frozenset()), Act(TakePlace(2))),
        (a_run(), seen(places=frozenset({OTHER})), Act(TakePlace(2))),
        (
            a_run(),
            seen(places=frozenset({OTHER, "another"})),
            Wait("one of the 2 runs that may go on at once to end", queued=True),
        ),
        (a_run(), seen(), Act(RestoreSnapshot(SOURCE.name, into=TEMPORARY))),
        (a_run(), seen(database=a_database(status="creating")), Wait(f"{TEMPORARY}, which is creating")),
        (a_run(), seen(database=a_database(status="backing-up")), Wait(f"{TEMPORARY}, which is backing-up")),
        (
            a_run(),
            seen(database=a_database(status="never-heard-of")),
            Wait(f"{TEMPORARY}, which is never-heard-of"),
        ),
        (a_run(), seen(database=a_database(status="deleting")), Wait(f"{TEMPORARY}, which is deleting")),
        (a_run(), seen(database=a_database(has_instance=False)), Act(AddInstance(TEMPORARY))),
        (a_run(), seen(database=a_database()), Act(SetMasterPassword(TEMPORARY))),
        (
            a_run(password_set_for="db-EARLIER"),
            seen(database=a_database()),
            Act(SetMasterPassword(TEMPORARY)),
        ),
        (
            PASSWORD_SET,
            seen(database=a_database(pending_changes=True)),
            Wait(f"the new master password of {TEMPORARY}"),
        ),
        (
            PASSWORD_SET,
            seen(database=a_database(status="resetting-master-credentials")),
            Wait(f"{TEMPORARY}, which is resetting-master-credentials"),
        ),
        (
            PASSWORD_SET,
            seen(database=a_database()),
            Finish(DatabaseRestored(run_id=RUN_ID, resource_id=RESOURCE_ID), why=f"{TEMPORARY} stands"),
        ),
    ],
)
def test_the_way_to_a_temporary_database(run: Run, look: Seen, decision: Decision[Action]) -> None:
    assert decided(run, look) == decision


@pytest.mark.parametrize(
    "status", ["failed", "restore-error", "incompatible-network", "storage-full", "stopped"]
)
def test_a_restore_that_failed_fails_the_run_and_says_how(status: str) -> None:
    decision = decided(a_run(), seen(database=a_database(status=status)))
    assert isinstance(decision, Fail)
    assert status in decision.why


def test_a_source_snapshot_that_vanished_fails_the_run() -> None:
    decision = decided(a_run(), seen(snapshot=None))
    assert isinstance(decision, Fail)
    assert "is gone" in decision.why


def test_an_engine_that_the_worker_cannot_mask_fails_before_anything_is_restored() -> None:
    decision = decided(a_run(), seen(snapshot=a_snapshot(engine="oracle-ee")))
    assert isinstance(decision, Fail)
    assert "is of oracle-ee: Snapveil masks postgres" in decision.why


def test_a_database_of_that_name_without_the_run_s_tag_is_never_adopted() -> None:
    decision = decided(PASSWORD_SET, seen(database=a_database(tags={})))
    assert isinstance(decision, Fail)
    assert "not of this run" in decision.why


@pytest.mark.parametrize("ended", [{"failed_at": NOW}, {"shared_at": NOW}])
def test_nothing_more_is_made_for_a_run_that_is_over(ended: dict[str, object]) -> None:
    assert isinstance(decided(a_run(**ended), seen()), Finish)


class TestTheSnapshotThatIsChosen:
    DAY = timedelta(hours=36)

    def test_is_the_newest_that_is_available_whatever_the_order(self) -> None:
        old = a_snapshot("rds:shop-a", created_at=later(-30))
        newest = a_snapshot("rds:shop-b", created_at=later(-5))
        unfinished = a_snapshot("rds:shop-c", status="creating")
        for listed in ([old, newest, unfinished], [unfinished, newest, old]):
            assert choose_snapshot("shop", listed, self.DAY, NOW) == (newest, later(-5))

    def test_must_not_be_stale(self) -> None:
        with pytest.raises(MessageError, match="37 hours old; max_snapshot_age allows 36"):
            choose_snapshot("shop", [a_snapshot("rds:shop-a", created_at=later(-37))], self.DAY, NOW)

    @pytest.mark.parametrize("name", ["shop-before-christmas", "preupgrade-shop-16-1", "awsbackup:job-1"])
    def test_may_be_one_that_iam_lets_the_service_restore(self, name: str) -> None:
        snapshot = a_snapshot(name, created_at=later(-1))
        assert choose_snapshot("shop", [snapshot], self.DAY, NOW) == (snapshot, later(-1))

    @pytest.mark.parametrize("name", ["christmas", "shopping-2026", "rds:shop"])
    def test_is_none_of_another_name_however_new(self, name: str) -> None:
        older, other = a_snapshot("rds:shop-a", created_at=later(-5)), a_snapshot(name, created_at=later(-1))
        assert choose_snapshot("shop", [older, other], self.DAY, NOW) == (older, later(-5))

    def test_must_exist(self) -> None:
        with pytest.raises(MessageError, match="no snapshot that is available"):
            choose_snapshot("shop", [a_snapshot("rds:shop-a", status="creating")], self.DAY, NOW)


def test_a_cluster_is_decided_about_in_the_same_way() -> None:
    cluster = a_database(kind=Kind.CLUSTER, has_instance=False, endpoint=None)
    assert decided(a_run(kind=Kind.CLUSTER), seen(database=cluster)) == Act(AddInstance(TEMPORARY))
