"""`snapveil sweep`: an operator sees what is to go before a sweep removes it, and nothing changes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from cli import sweep
from cli.dlq.accounts import CONFIG, TABLE, open_accounts
from services.receiver.retention import due
from shared import names
from shared.config import Development
from shared.database.factory import databases_of
from shared.database.port import Kind
from shared.due import Due
from shared.events import RefreshRequested
from tests.builders import NOW
from tests.cli.dlq.conftest import Operator
from tests.loop.conftest import a_scene

DAY = timedelta(hours=24)


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    """Someone in two accounts through which one run has gone; the old target stands for a day."""
    with contextmanager(a_scene)(Kind.INSTANCE, grace="24h") as scene:
        someone = Operator(scene, monkeypatch, capsys)
        monkeypatch.setattr(sweep, "now", lambda: scene.world.now)
        yield someone


def refresh(operator: Operator) -> str:
    operator.world.send("restore", RefreshRequested(source="shop-fr"))
    operator.world.run(at_most=timedelta(hours=6))
    return operator.scene.run().run_id


def lists(operator: Operator) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what is to go by name."""
    code = operator.types("sweep", "--format", "json")
    return code, {one["name"]: one for one in json.loads(operator.out)}


def test_where_all_is_well_nothing_is_to_go(operator: Operator) -> None:
    refresh(operator)
    for account in ("production", "development"):
        operator.work_in(account)
        assert operator.types("sweep") == 0
        assert operator.out == "nothing is to go"


def test_a_temporary_database_whose_run_is_over_is_listed_and_late_after_two_hours(
    operator: Operator,
) -> None:
    scene, run_id = operator.scene, refresh(operator)
    left = names.temporary_database(run_id)
    rds = scene.world.client("production", "rds")
    rds.create_db_instance(
        DBInstanceIdentifier=left,
        Engine="postgres",
        DBInstanceClass="db.r6g.large",
        AllocatedStorage=20,
        MasterUsername="shop_admin",
        MasterUserPassword="production-password",
    )
    before = scene.instances("production")
    assert lists(operator)[1][left]["why"] == "its run is over"
    scene.wait(hours=3)
    code, found = lists(operator)
    assert (code, found[left]["overdue"], found[left]["by"]) == (1, True, "sweep")
    assert scene.instances("production") == before


@pytest.mark.parametrize(("hours", "stays", "late"), [(1, False, False), (3, False, True), (3, True, False)])
def test_only_what_a_sweep_should_have_removed_is_late(hours: int, stays: bool, late: bool) -> None:
    one = Due("snapveil-tmp-x", "its run is over", NOW, stays=stays)
    assert sweep._is_late(one, NOW + timedelta(hours=hours)) is late


def test_a_run_past_a_deadline_is_listed(operator: Operator) -> None:
    operator.world.send("restore", RefreshRequested(source="shop-fr"))
    operator.world.run(until=lambda: bool(list(operator.scene.production.runs())), at_most=DAY)
    run_id = operator.scene.run().run_id
    operator.world.run(
        until=lambda: bool(operator.scene.production.steps(operator.scene.run().key)), at_most=DAY
    )
    at = operator.world.now + timedelta(days=2)
    found = list(sweep._due(open_accounts((), TABLE, CONFIG)[0], at))
    assert [(one.name, "deadline has passed" in one.why) for one in found] == [(run_id, True)]


def test_in_development_the_old_target_is_listed_until_its_grace_is_over(operator: Operator) -> None:
    scene = operator.scene
    refresh(operator)
    scene.wait(hours=7 * 24)
    scene.backup()
    second = refresh(operator)
    operator.work_in("development")
    aside = names.set_aside(scene.target, second)
    before = scene.instances("development")
    code, found = lists(operator)
    assert (code, found[aside]["why"]) == (0, f"{scene.target} has taken its place")
    assert scene.instances("development") == before


def test_what_belongs_to_no_target_is_left_to_a_human(operator: Operator) -> None:
    refresh(operator)
    operator.work_in("development")
    account = open_accounts((), TABLE, CONFIG)[0]
    assert isinstance(account.config, Development)
    target = account.config.targets["shop-fr"].model_copy(update={"name": "snapveil-dev-other"})
    without = account.config.model_copy(update={"targets": {"other": target}})
    found = list(due(account.ledger, databases_of(account.number, account.client), without, NOW))
    copy = names.development_copy(operator.scene.run().run_id)
    databases = set(operator.scene.instances("development"))
    assert {one.name for one in found if one.stays} == databases
    assert copy not in {one.name for one in found}, "a database stands that was built from it"
