"""A run that is dirty without a database: a sweep deletes its secret and frees its source."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from services.restore.credentials import Credentials
from shared.events import RefreshRequested, SweepRequested
from shared.records import Status
from tests.loop.conftest import Scene

DAY = timedelta(days=1)


def test_a_secret_that_could_not_be_deleted_is_swept_and_does_not_hold_its_source(
    instance: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteSecret")

    with monkeypatch.context() as broken:
        broken.setattr(Credentials, "delete", refuse)
        instance.world.send("restore", RefreshRequested(source=instance.source))
        instance.world.run(until=lambda: any(run.dirty_at for run in instance.production.runs()), at_most=DAY)
    instance.world.run(at_most=DAY)
    instance.world.send("restore", SweepRequested())
    instance.world.run(at_most=DAY)
    assert instance.run().status is Status.SUCCEEDED
    assert instance.world.leftovers().empty
    assert instance.production.lock_holder(instance.source) is None
