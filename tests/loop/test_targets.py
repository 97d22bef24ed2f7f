"""What developers may ask for between two refreshes: the old target back, the same data again, older data."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from shared.database.port import Kind
from shared.events import RefreshRequested, TargetRequested
from tests.loop.conftest import Scene, a_scene

DAY, HOURS = timedelta(hours=24), timedelta(hours=2)


def replaced_twice(kind: Kind) -> Iterator[tuple[Scene, str, str]]:
    """A target that was replaced twice, a week apart, with a grace of a day; the two runs."""
    with contextmanager(a_scene)(kind, grace="24h") as scene:
        first = refresh(scene)
        scene.wait(hours=7 * 24)
        scene.backup()
        yield scene, first, refresh(scene)


def refresh(scene: Scene) -> str:
    """Ask for a refresh, let it happen, and return its run."""
    before = len(replaced(scene))
    scene.world.send("restore", RefreshRequested(source="shop-fr"))
    scene.world.run(until=lambda: len(replaced(scene)) > before, at_most=DAY)
    scene.world.run(at_most=HOURS)
    return scene.run().run_id


@pytest.fixture(params=[Kind.INSTANCE, Kind.CLUSTER])
def twice(request: pytest.FixtureRequest) -> Iterator[tuple[Scene, str, str]]:
    """Both kinds."""
    yield from replaced_twice(request.param)


@pytest.fixture
def instance_twice() -> Iterator[tuple[Scene, str, str]]:
    """An instance, where the kind makes no difference."""
    yield from replaced_twice(Kind.INSTANCE)


def replaced(scene: Scene) -> list[str]:
    return [kind for kind in scene.types() if kind == "TargetReplaced"]


def ask(scene: Scene, **wish: object) -> TargetRequested:
    """Ask for a target as an operator does, and let everything happen that follows within two hours."""
    number = len(scene.world.deliveries)
    asked = TargetRequested.model_validate({"source": "shop-fr", "request": f"{number:08x}" * 4, **wish})
    scene.world.send("receiver", asked)
    scene.world.run(at_most=HOURS)
    return asked


def test_going_back_brings_the_very_database_until_newer_data_come(twice: tuple[Scene, str, str]) -> None:
    scene, old, new = twice
    assert scene.instances("development") == {scene.target: new, f"{scene.target}-old-{new[-8:]}": old}
    before = resource_ids(scene)
    asked = ask(scene, back=True)
    assert scene.instances("development") == {scene.target: old}
    assert resource_ids(scene) < before
    scene.world.send("receiver", asked)  # the same message again
    scene.wait(hours=30)
    scene.world.run(at_most=HOURS)
    assert scene.instances("development") == {scene.target: old}
    scene.backup()
    newest = refresh(scene)
    assert scene.instances("development")[scene.target] == newest


def test_the_same_data_again_older_data_and_nothing_aside_once_the_grace_is_over(
    instance_twice: tuple[Scene, str, str],
) -> None:
    scene, old, new = instance_twice
    seen = resource_ids(scene)
    for wish, run in (({}, new), ({}, new), ({"run_id": old}, old), ({"run_id": new}, new)):
        ask(scene, **wish)
        assert scene.instances("development")[scene.target] == run
        assert not resource_ids(scene, scene.target) & seen
        seen |= resource_ids(scene)
    assert len(replaced(scene)) == 2
    scene.wait(hours=26)
    scene.world.run(at_most=HOURS)
    assert scene.instances("development") == {scene.target: new}
    assert scene.world.leftovers().empty
    ask(scene, back=True)
    ask(scene, run_id="shop-fr-20200101t0000-00000000")
    assert scene.instances("development") == {scene.target: new}
    buried = dead_letters(scene)
    assert "nothing stands aside" in buried
    assert f"there are {new}, {old}" in buried


def test_developers_get_only_what_passes_the_checks_with_their_logins_in_it() -> None:
    prepare, check = "GRANT pg_read_all_data TO developers", "SELECT count(*) FROM orders"
    with contextmanager(a_scene)(Kind.INSTANCE, prepare=[prepare], checks=[check]) as scene:
        asked: list[str] = []
        orders = 0

        def answer(query: str) -> object:
            asked.append(query)
            return orders

        scene.world.answers = answer
        scene.world.send("restore", RefreshRequested(source="shop-fr"))
        scene.world.run(at_most=DAY)
        assert asked[:2] == [prepare, check]
        assert scene.target not in scene.instances("development")
        told = [line.why for line in scene.development.history(f"target#{scene.source}")]
        assert any(f"{check} said 0" in why for why in told)
        orders = 7
        scene.wait(hours=1)
        scene.world.run(at_most=HOURS)
        assert set(asked) == {prepare, check}
        assert asked.count(prepare) == 1
        assert scene.instances("development") == {scene.target: scene.run().run_id}


def resource_ids(scene: Scene, name: str = "") -> set[str]:
    rds = scene.world.client("development", "rds")
    if scene.kind is Kind.CLUSTER:
        return {
            found["DbClusterResourceId"]
            for found in rds.describe_db_clusters()["DBClusters"]
            if name in {"", found["DBClusterIdentifier"]}
        }
    return {
        found["DbiResourceId"]
        for found in rds.describe_db_instances()["DBInstances"]
        if name in {"", found["DBInstanceIdentifier"]}
    }


def dead_letters(scene: Scene) -> str:
    sqs = scene.world.client("development", "sqs")
    url = sqs.get_queue_url(QueueName="snapveil-receiver-dlq")["QueueUrl"]
    letters = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages", []
    )
    return str([letter["MessageAttributes"]["reason"]["StringValue"] for letter in letters])
