"""The receiver decides: developers always have a database, and in the end it is the newest."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.receiver.actions import (
    Action,
    AddInstance,
    AnnounceReceived,
    CopySnapshot,
    DeleteCopy,
    DeleteDatabase,
    Edition,
    PrepareDatabase,
    RecordAddress,
    RecordReplaced,
    Rename,
    RestoreCopy,
    SetMasterPassword,
)
from services.receiver.looking import is_acceptable
from services.receiver.stage import Seen, Wanted, decide
from shared import names
from shared.database.port import Condition, Database, Origin, Snapshot
from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.events import TargetReplaced
from tests.builders import (
    DEVELOPMENT,
    NEWER_RUN_ID,
    PRODUCTION,
    REGION,
    RUN_ID,
    SHARE_KEY,
    a_database,
    a_snapshot,
    later,
)

TARGET = "snapveil-dev-shop-fr"
WANTED = Wanted("shop-fr", TARGET, delete_first=False, keep=2)
CHEAP = replace(WANTED, delete_first=True)
NEW = f"{TARGET}-new-{RUN_ID[-8:]}"
OLD = f"{TARGET}-old-{RUN_ID[-8:]}"
OLDER_RUN_ID = "shop-fr-20261116t0305-aaaaaaaa"


def shared(run_id: str = RUN_ID, **changes: object) -> Snapshot:
    arn = f"arn:aws:rds:{REGION}:{PRODUCTION}:snapshot:snapveil-shr-{run_id}"
    return a_snapshot(arn, arn=arn, origin=Origin.SHARED, kms_key=SHARE_KEY, tags={}, **changes)


def copy(run_id: str = RUN_ID, status: str = "available", **changes: object) -> Snapshot:
    return a_snapshot(names.development_copy(run_id), status, tags={names.RUN_ID_TAG: run_id}, **changes)


def database(name: str, run_id: str = RUN_ID, status: str = "available", **changes: object) -> Database:
    arn = f"arn:aws:rds:{REGION}:{DEVELOPMENT}:db:{name}"
    return a_database(name, status, arn=arn, tags={names.RUN_ID_TAG: run_id}, **changes)


HELD = Seen(shared=shared(), copies=(copy(),), received=True)
OLD_TARGET = database(TARGET, OLDER_RUN_ID)
BUILT = replace(HELD, beside=database(NEW), password_set=True, answers=True)
SWAPPED = replace(HELD, target=database(TARGET), password_set=True, answers=True, address_recorded=True)


@pytest.mark.parametrize(
    ("look", "decision"),
    [
        (Seen(), Finish(why="nothing acceptable is shared, and there is no copy")),
        (Seen(shared=shared()), Act(CopySnapshot(shared().name, names.development_copy(RUN_ID)))),
        (Seen(shared=shared(), copies=(copy(status="creating"),)), Wait(f"{copy().name}, which is creating")),
        (Seen(shared=shared(), copies=(copy(status="failed"),)), Act(DeleteCopy(copy().name))),
        (replace(HELD, received=False), Act(AnnounceReceived(RUN_ID))),
        (HELD, Act(RestoreCopy(copy().name, into=NEW))),
        (replace(HELD, target=OLD_TARGET), Act(RestoreCopy(copy().name, into=NEW))),
        (replace(HELD, beside=database(NEW, status="creating")), Wait(f"{NEW}, which is creating")),
        (replace(HELD, beside=database(NEW, has_instance=False)), Act(AddInstance(NEW))),
        (replace(HELD, beside=database(NEW)), Act(SetMasterPassword(NEW))),
        (
            replace(HELD, beside=database(NEW, pending_changes=True), password_set=True),
            Wait(f"the master password of {NEW}"),
        ),
        (replace(BUILT, answers=False, target=OLD_TARGET), Wait(f"{NEW} to answer")),
        (replace(BUILT, prepared=False, target=OLD_TARGET), Act(PrepareDatabase(NEW))),
        (replace(BUILT, target=OLD_TARGET), Act(Rename(TARGET, to=OLD))),
        (
            replace(BUILT, target=database(TARGET, OLDER_RUN_ID, "renaming")),
            Wait(f"{TARGET}, which is renaming"),
        ),
        (replace(BUILT, aside=database(OLD, OLDER_RUN_ID)), Act(Rename(NEW, to=TARGET))),
        (BUILT, Act(Rename(NEW, to=TARGET))),
        (replace(SWAPPED, answers=False, aside=database(OLD, OLDER_RUN_ID)), Wait(f"{TARGET} to answer")),
        (replace(SWAPPED, address_recorded=False), Act(RecordAddress(TARGET))),
        (replace(SWAPPED, aside=database(OLD, OLDER_RUN_ID)), Act(DeleteDatabase(OLD))),
        (
            replace(SWAPPED, aside=database(OLD, OLDER_RUN_ID, "deleting")),
            Wait(f"{OLD}, which is being deleted"),
        ),
        (
            replace(SWAPPED, strays=(database(f"{TARGET}-new-aaaaaaaa"),)),
            Act(DeleteDatabase(f"{TARGET}-new-aaaaaaaa")),
        ),
        (SWAPPED, Finish(TargetReplaced(run_id=RUN_ID, target=TARGET), why=f"{TARGET} answers")),
        (replace(SWAPPED, replaced=True), Finish(why=f"{TARGET} is of the newest copy already")),
    ],
)
def test_the_way_to_a_replaced_target(look: Seen, decision: Decision[Action]) -> None:
    assert decide(WANTED, look) == decision


def test_a_newer_shared_snapshot_is_copied_and_an_older_one_is_not() -> None:
    newer = replace(HELD, shared=shared(NEWER_RUN_ID))
    assert decide(WANTED, newer) == Act(
        CopySnapshot(shared(NEWER_RUN_ID).name, names.development_copy(NEWER_RUN_ID))
    )
    older = replace(SWAPPED, shared=shared(OLDER_RUN_ID), replaced=True)
    assert isinstance(decide(WANTED, older), Finish)


def test_the_same_data_masked_anew_are_newer() -> None:
    again = RUN_ID[:-8] + "ffffffff"
    look = replace(HELD, shared=shared(again, created_at=later(5)))
    assert decide(WANTED, look) == Act(CopySnapshot(shared(again).name, names.development_copy(again)))


def test_copies_beyond_those_to_keep_go_once_the_target_is_replaced() -> None:
    old = [copy(OLDER_RUN_ID), copy("shop-fr-20261109t0305-bbbbbbbb")]
    look = replace(SWAPPED, copies=(copy(), *old))
    assert decide(WANTED, look) == Act(DeleteCopy(old[1].name))
    assert isinstance(decide(WANTED, replace(HELD, copies=(copy(), *old))), Act)


def test_a_copy_that_another_target_needs_stays() -> None:
    oldest = "shop-fr-20261109t0305-bbbbbbbb"
    old = [copy(OLDER_RUN_ID), copy(oldest)]
    look = replace(SWAPPED, copies=(copy(), *old), needed=frozenset({oldest}))
    assert isinstance(decide(WANTED, look), Finish)
    assert decide(replace(WANTED, keep=1), look) == Act(DeleteCopy(old[0].name))


class TestOneOfSeveralTargets:
    """It writes down that it is replaced, then looks whether it is the last."""

    TEAM = replace(WANTED, name="data", others=("shop-fr",))
    ALL = TargetReplaced(run_id=RUN_ID, target=TARGET, others=("snapveil-dev-data",))

    def test_it_is_written_down_before_anything_is_said(self) -> None:
        assert decide(self.TEAM, SWAPPED) == Act(RecordReplaced(Edition(RUN_ID)))
        alone = replace(self.TEAM, others=())
        assert decide(alone, SWAPPED) == Act(RecordReplaced(Edition(RUN_ID)))

    def test_nothing_is_said_until_the_last_is_replaced(self) -> None:
        assert decide(self.TEAM, replace(SWAPPED, replaced=True)) == Finish(
            why=f"{TARGET} is of the newest copy already"
        )

    def test_the_last_names_them_all(self) -> None:
        decision = decide(self.TEAM, replace(SWAPPED, replaced=True, tell=self.ALL))
        assert isinstance(decision, Finish)
        assert decision.event == self.ALL


class TestDevelopersAlwaysHaveADatabase:
    def test_a_build_that_failed_is_deleted_and_the_old_target_stands(self) -> None:
        failed = database(NEW, status="incompatible-restore")
        decision = decide(WANTED, replace(HELD, target=OLD_TARGET, beside=failed))
        assert isinstance(decision, Act)
        assert isinstance(decision.action, DeleteDatabase)
        assert decision.action.database == NEW

    def test_then_the_stage_fails_and_says_so(self) -> None:
        decision = decide(
            WANTED, replace(HELD, target=OLD_TARGET, build_failure="it was incompatible-restore")
        )
        assert isinstance(decision, Fail)
        assert "the target stands as it was" in decision.why

    @pytest.mark.parametrize(
        "beside", [None, database(NEW, status="failed"), database(NEW, status="creating")]
    )
    def test_in_the_middle_of_a_swap_the_old_one_comes_back_if_the_new_one_is_not_ready(
        self, beside: Database | None
    ) -> None:
        look = replace(HELD, target=None, beside=beside, aside=database(OLD, OLDER_RUN_ID))
        assert decide(WANTED, look) == Act(Rename(OLD, to=TARGET))

    def test_a_newer_snapshot_in_the_middle_of_a_swap_brings_the_old_one_back_first(self) -> None:
        look = Seen(
            copies=(copy(NEWER_RUN_ID), copy()),
            received=True,
            aside=database(OLD, OLDER_RUN_ID),
            strays=(database(NEW),),
        )
        assert decide(WANTED, look) == Act(Rename(OLD, to=TARGET))

    def test_a_foreign_database_under_the_name_is_not_touched(self) -> None:
        decision = decide(WANTED, replace(HELD, beside=database(NEW, OLDER_RUN_ID)))
        assert isinstance(decision, Fail)
        assert "not of run" in decision.why


@pytest.mark.parametrize(
    ("look", "decision"),
    [
        (replace(HELD, target=OLD_TARGET), Act(DeleteDatabase(TARGET))),
        (
            replace(HELD, target=database(TARGET, OLDER_RUN_ID, "deleting")),
            Wait(f"{TARGET}, which is being deleted"),
        ),
        (HELD, Act(RestoreCopy(copy().name, into=TARGET))),
        (replace(HELD, target=database(TARGET, status="creating")), Wait(f"{TARGET}, which is creating")),
        (replace(HELD, target=database(TARGET)), Act(SetMasterPassword(TARGET))),
        (SWAPPED, Finish(TargetReplaced(run_id=RUN_ID, target=TARGET), why=f"{TARGET} answers")),
    ],
)
def test_the_cheap_way_deletes_the_old_target_first(look: Seen, decision: Decision[Action]) -> None:
    assert decide(CHEAP, look) == decision


OWNERS, KEYS = (PRODUCTION,), (SHARE_KEY,)


def test_a_snapshot_of_a_trusted_owner_name_and_key_is_acceptable() -> None:
    assert is_acceptable(shared(), "shop-fr", OWNERS, KEYS)


@pytest.mark.parametrize(
    "snapshot",
    [
        replace(shared(), arn=shared().arn.replace(PRODUCTION, "999999999999")),
        replace(shared(), kms_key="arn:aws:kms:eu-west-3:999999999999:key/x"),
        replace(shared(), encrypted=False),
        replace(shared(), origin=Origin.MANUAL),
        replace(shared(), status="creating", condition="pending"),
        replace(shared(), name=shared().name.replace("snapveil-shr", "snapveil-fin")),
        replace(shared(), name=shared().name + "x"),
        replace(shared(), name=shared().name.replace("shop-fr", "shop-es")),
    ],
)
def test_any_other_is_not_looked_at(snapshot: Snapshot) -> None:
    assert not is_acceptable(snapshot, "shop-fr", OWNERS, KEYS)


GRACE = replace(WANTED, grace=timedelta(hours=4))
ASIDE = database(OLD, OLDER_RUN_ID)
BACK = Edition(OLDER_RUN_ID)
AGAIN = Edition(RUN_ID, "0a1b2c3d")
REBUILT = f"{TARGET}-new-{AGAIN.name}"


def edition(name: str, of: Edition, **changes: object) -> Database:
    tags = {names.RUN_ID_TAG: of.run_id, names.EDITION_TAG: of.name}
    return replace(database(name, of.run_id, **changes), tags=tags)  # type: ignore[arg-type]


def test_a_database_that_does_not_pass_the_checks_never_takes_the_name() -> None:
    decision = decide(WANTED, replace(BUILT, target=OLD_TARGET, doubt="SELECT count(*) FROM orders said 0"))
    assert isinstance(decision, Fail)
    assert "SELECT count(*) FROM orders said 0" in decision.why


def test_production_hears_once_more_that_the_target_is_replaced() -> None:
    look = replace(SWAPPED, replaced=True, announce_again=True)
    assert decide(WANTED, look) == Finish(
        TargetReplaced(run_id=RUN_ID, target=TARGET), why=f"{TARGET} answers"
    )


class TestTheGrace:
    def test_the_replaced_target_is_told_while_the_old_one_stands(self) -> None:
        fresh = replace(SWAPPED, aside=ASIDE)
        assert decide(GRACE, fresh) == Finish(
            TargetReplaced(run_id=RUN_ID, target=TARGET), why=f"{TARGET} answers"
        )
        decision = decide(GRACE, replace(fresh, replaced=True, in_grace=True))
        assert isinstance(decision, Finish)
        assert OLD in decision.why

    def test_the_old_one_and_its_copy_go_when_it_is_over(self) -> None:
        look = replace(SWAPPED, aside=ASIDE, replaced=True, copies=(copy(), copy(OLDER_RUN_ID)))
        one = replace(GRACE, keep=1)
        assert isinstance(decide(one, replace(look, in_grace=True)), Finish)
        assert decide(one, look) == Act(DeleteDatabase(OLD))
        assert decide(one, replace(look, aside=None)) == Act(DeleteCopy(copy(OLDER_RUN_ID).name))


class TestGoingBack:
    look = replace(SWAPPED, chosen=BACK, aside=ASIDE, replaced=True, in_grace=True)

    def test_the_target_makes_way_for_the_old_one(self) -> None:
        assert decide(GRACE, self.look) == Act(Rename(TARGET, to=NEW))
        assert decide(GRACE, replace(self.look, target=None)) == Act(Rename(OLD, to=TARGET))

    @pytest.mark.parametrize("part", ["target", "aside"])
    def test_it_waits_while_either_is_changing(self, part: str) -> None:
        changing = replace(getattr(self.look, part), status="renaming", condition=Condition.PENDING)
        assert isinstance(decide(GRACE, replace(self.look, **{part: changing})), Wait)

    def test_then_what_was_refused_goes_and_nobody_builds_it_again(self) -> None:
        back = replace(self.look, target=database(TARGET, OLDER_RUN_ID), aside=None)
        refused = replace(back, strays=(database(NEW),))
        assert decide(GRACE, refused) == Act(DeleteDatabase(NEW))
        assert decide(GRACE, back) == Finish(why=f"{TARGET} is what was asked for already")

    def test_without_the_old_one_it_is_built_again_from_its_copy(self) -> None:
        look = replace(self.look, aside=None, copies=(copy(), copy(OLDER_RUN_ID)))
        into = f"{TARGET}-new-{OLDER_RUN_ID[-8:]}"
        assert decide(GRACE, look) == Act(RestoreCopy(copy(OLDER_RUN_ID).name, into))
        gone = decide(GRACE, replace(look, copies=(copy(),)))
        assert isinstance(gone, Fail)
        assert OLDER_RUN_ID in gone.why


class TestTheSameCopyAgain:
    look = replace(SWAPPED, chosen=AGAIN, password_set=False, answers=False, address_recorded=False)

    def test_a_new_edition_is_built_beside_the_first(self) -> None:
        assert decide(WANTED, self.look) == Act(RestoreCopy(copy().name, into=REBUILT))

    def test_then_it_takes_the_name(self) -> None:
        built = replace(self.look, beside=edition(REBUILT, AGAIN), password_set=True, answers=True)
        assert decide(WANTED, built) == Act(Rename(TARGET, to=OLD))
        swapped = replace(built, target=None, aside=database(OLD))
        assert decide(WANTED, swapped) == Act(Rename(REBUILT, to=TARGET))

    def test_production_hears_nothing_of_it(self) -> None:
        done = replace(SWAPPED, chosen=AGAIN, target=edition(TARGET, AGAIN))
        assert decide(WANTED, done) == Act(RecordReplaced(AGAIN))
        assert decide(WANTED, replace(done, replaced=True)) == Finish(
            why=f"{TARGET} is what was asked for already"
        )

    def test_a_target_that_is_deleted_first_is_built_in_its_place(self) -> None:
        assert decide(CHEAP, self.look) == Act(DeleteDatabase(TARGET))
        assert decide(CHEAP, replace(self.look, target=None)) == Act(RestoreCopy(copy().name, into=TARGET))


@pytest.mark.parametrize("wanted", [WANTED, CHEAP, replace(WANTED, grace=timedelta(days=1))])
@pytest.mark.parametrize("status", ["stopped", "storage-full", "failed", "incompatible-parameters"])
def test_a_target_that_developers_have_is_never_deleted_for_its_status(wanted, status):
    has = replace(SWAPPED, target=database(TARGET, status=status), replaced=True, answers=False)
    assert decide(wanted, has) == Finish(
        why=f"{TARGET} is {status}; it is left as it is until it is replaced"
    )
    swapped = decide(WANTED, replace(has, replaced=False))
    assert isinstance(swapped, Fail)
    assert f"{TARGET} took its name and is {status} now" in swapped.why
