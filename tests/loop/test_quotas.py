"""Quotas are told by the hourly sweep of each account, as its functions run."""

from datetime import timedelta

import pytest

from shared.events import RefreshRequested
from tests.loop.conftest import Scene
from tests.loop.test_when_it_fails import letters


@pytest.mark.parametrize(("account", "stage"), [("production", "snapshot"), ("development", "receiver")])
def test_the_sweep_of_each_account_tells_how_full_its_quotas_are(
    instance: Scene, capsys: pytest.CaptureFixture[str], account: str, stage: str
) -> None:
    instance.world.send("restore", RefreshRequested(source=instance.source))
    instance.world.run(at_most=timedelta(hours=24))
    capsys.readouterr()
    instance.world.fire_schedule(account, f"sweep-{stage}")
    instance.world.run(at_most=timedelta(hours=1))
    assert '"QuotaUsed":' in capsys.readouterr().out
    assert letters(instance, f"snapveil-{stage}-dlq", account) == []
