"""What `snapveil chaos` does on purpose happens as often as it is told, and no more.

The whole of it takes a minute on real engines and is `make chaos`.
"""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from local.accounts import Account
from local.mischief import lost_between_accounts, throttled
from shared.database.port import Kind
from shared.events import RefreshRequested
from tests.loop.conftest import Scene, a_scene


def test_so_many_calls_are_throttled_and_no_more(production: Account) -> None:
    rds = production.client("rds")
    with throttled("DescribeDBInstances", 2) as refused:
        for _ in range(2):
            with pytest.raises(ClientError, match="Throttling"):
                rds.describe_db_instances()
        rds.describe_db_snapshots()
        rds.describe_db_instances()
    assert refused == {"DescribeDBInstances": 2}
    rds.describe_db_instances()


@pytest.fixture
def scene() -> Iterator[Scene]:
    yield from a_scene(Kind.INSTANCE)


def test_a_lost_event_is_lost_once(scene: Scene) -> None:
    with lost_between_accounts("SnapshotShared") as lost:
        scene.world.send("restore", RefreshRequested(source="shop-fr"))
        scene.world.run(until=lambda: bool(lost))
        heard = [one.body for one in scene.world.deliveries if one.stage == "receiver"]
        assert not any("SnapshotShared" in body for body in heard)
        scene.world.send("receiver", RefreshRequested(source="shop-fr"))
        scene.world.run(until=lambda: scene.target in scene.instances("development"))
    assert lost == {"SnapshotShared": 1}
