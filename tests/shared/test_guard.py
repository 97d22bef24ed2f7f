"""The guard: nothing that Snapveil did not make can be changed or deleted, whatever a role may do."""

import pytest

from shared import names
from shared.database.guard import Guard, GuardError
from shared.database.instances import Instances
from tests.builders import PRODUCTION, REGION, RUN_ID, a_database, a_snapshot

GUARD = Guard(PRODUCTION)
TAGS = {names.RUN_ID_TAG: RUN_ID}


def arn(name: str, account: str = PRODUCTION) -> str:
    return f"arn:aws:rds:{REGION}:{account}:db:{name}"


def test_what_a_run_made_may_be_changed() -> None:
    GUARD.existing(arn(names.temporary_database(RUN_ID)), TAGS)


@pytest.mark.parametrize(
    ("address", "tags", "why"),
    [
        (arn("shop-fr-prod"), TAGS, "does not begin with"),
        (arn("x-snapveil-tmp-1"), TAGS, "does not begin with"),
        (arn(names.temporary_database(RUN_ID), account="999999999999"), TAGS, "belongs to account"),
        (arn(names.temporary_database(RUN_ID)), {}, "carries no tag"),
        (arn(names.temporary_database(RUN_ID)), {names.RUN_ID_TAG: ""}, "carries no tag"),
        (
            f"arn:aws:rds:{REGION}:{PRODUCTION}:snapshot:rds:shop-fr-prod-2026-11-23-03-05",
            TAGS,
            "does not begin",
        ),
    ],
)
def test_nothing_else_may(address: str, tags: dict[str, str], why: str) -> None:
    with pytest.raises(GuardError, match=why):
        GUARD.existing(address, tags)


PRODUCTION_DATABASE = a_database("shop-fr-prod", tags={"env": "prod"})
PRODUCTION_SNAPSHOT = a_snapshot("shop-fr-prod-by-hand", tags={"env": "prod"})


@pytest.mark.parametrize(
    "change",
    [
        lambda port: port.delete(PRODUCTION_DATABASE),
        lambda port: port.rename(PRODUCTION_DATABASE, "snapveil-dev-x"),
        lambda port: port.rename(a_database(), "shop-fr-prod"),
        lambda port: port.set_master_password(PRODUCTION_DATABASE, "x"),
        lambda port: port.create_snapshot(PRODUCTION_DATABASE, "snapveil-fin-x", TAGS),
        lambda port: port.create_snapshot(a_database(), "by-hand", TAGS),
        lambda port: port.create_snapshot(a_database(), "snapveil-fin-x", {}),
        lambda port: port.copy_snapshot(a_snapshot(), "by-hand", "key", TAGS),
        lambda port: port.share(PRODUCTION_SNAPSHOT, ["222222222222"]),
        lambda port: port.unshare(PRODUCTION_SNAPSHOT, ["222222222222"]),
        lambda port: port.delete_snapshot(PRODUCTION_SNAPSHOT),
    ],
)
@pytest.mark.parametrize("kind", ["instances", "clusters"])
def test_every_changing_call_asks_the_guard_before_it_asks_aws(
    kind: str, change: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.database import clusters, instances

    module = {"instances": instances, "clusters": clusters}[kind]

    def no_call(service: str) -> object:
        raise AssertionError(f"a call to {service} was about to be made")

    monkeypatch.setattr(module, "client", no_call)
    port = module.Instances(GUARD) if kind == "instances" else module.Clusters(GUARD)  # type: ignore[attr-defined]
    with pytest.raises(GuardError):
        change(port)  # type: ignore[operator]


def test_the_adapters_hold_the_port() -> None:
    from shared.database.factory import databases_of

    assert isinstance(next(iter(databases_of(PRODUCTION).values())), Instances)
