"""The wiring: what is described is made, the documents are valid, and every sender may send."""

from typing import Any

import pytest

from local import policies, provision, wiring
from local.accounts import DEVELOPMENT, PRODUCTION, Account, accounts
from local.documents import LocalSource, Pacing, development_document, production_document, target_of
from local.emulation import emulated
from local.record import Record
from local.resources import Wiring
from local.task_runners import FakeTasks
from local.tasks import TaskTimings
from local.two_accounts import describe
from local.wiring import COPY_KEY, PRODUCTION_KEY, SHARE_KEY
from local.world import World
from shared.config import Development, Production, read
from shared.database.port import Kind

SOURCES = {
    "shop-fr": LocalSource("shop-fr-prod", {"policy.yaml": b"x"}),
    "shop-es": LocalSource("shop-es-prod", {"policy.yaml": b"x"}, Kind.CLUSTER, replace="delete_first"),
}


@pytest.fixture
def wired() -> Any:
    with World(SOURCES) as world:
        yield world


def document(world: World, account: str) -> str:
    answer = world.client(account, "ssm").get_parameter(Name="/snapveil/config")
    return str(answer["Parameter"]["Value"])


def key(world: World, account: str, alias: str) -> str:
    return str(world.client(account, "kms").describe_key(KeyId=alias)["KeyMetadata"]["Arn"])


def test_productions_document_is_one_that_the_services_accept(wired: World) -> None:
    config = read(document(wired, "production"), "here")
    assert isinstance(config, Production)
    assert (config.account_id, config.share.accounts) == (PRODUCTION, (DEVELOPMENT,))
    assert config.share.key == key(wired, "production", SHARE_KEY)
    assert config.production_key == key(wired, "production", PRODUCTION_KEY)
    assert {name: (one.kind, one.database) for name, one in config.sources.items()} == {
        "shop-fr": (Kind.INSTANCE, "shop-fr-prod"),
        "shop-es": (Kind.CLUSTER, "shop-es-prod"),
    }


def test_developments_document_is_one_that_the_services_accept(wired: World) -> None:
    config = read(document(wired, "development"), "here")
    assert isinstance(config, Development)
    assert config.accept.owners == (PRODUCTION,)
    assert config.accept.keys == (key(wired, "production", SHARE_KEY),)
    assert config.copy_key == key(wired, "development", COPY_KEY)
    assert {name: (one.name, one.replace) for name, one in config.targets.items()} == {
        "shop-fr": ("snapveil-dev-shop-fr", "beside"),
        "shop-es": ("snapveil-dev-shop-es", "delete_first"),
    }
    assert config.targets["shop-fr"].name == target_of("shop-fr")


@pytest.mark.parametrize(
    "pacing", [Pacing(), Pacing.fast(), Pacing.coarse(), Pacing(deadlines={"restore": "1h"})]
)
def test_every_pacing_makes_valid_documents(pacing: Pacing) -> None:
    arn = "arn:aws:kms:eu-west-3:111111111111:key/"
    for number, write in enumerate((production_document, development_document)):
        text = write(SOURCES, pacing)
        for alias in (PRODUCTION_KEY, SHARE_KEY, COPY_KEY, f"production/{SHARE_KEY}"):
            text = text.replace(f"${{key:{alias}}}", arn + alias.replace("/", "-"))
        assert read(text, "here").account == ("production", "development")[number]


def test_a_policys_files_lie_where_the_document_says(wired: World) -> None:
    found = wired.client("production", "s3").list_objects_v2(Bucket=f"snapveil-{PRODUCTION}")["Contents"]
    assert {one["Key"] for one in found} == {"policies/shop-fr/policy.yaml", "policies/shop-es/policy.yaml"}


def statements(wiring_: Wiring) -> list[tuple[str, str, str]]:
    """Who sends to which queue: service, ARN of the sender, queue."""
    prefix = f"arn:aws:{{}}:{wiring_.region}:{wiring_.number}:{{}}"
    subscribed = [
        ("sns.amazonaws.com", prefix.format("sns", one.topic), one.queue) for one in wiring_.subscriptions
    ]
    ruled = [
        (
            "events.amazonaws.com",
            prefix.format("events", f"rule/{rule.bus}/{rule.name}"),
            arn.rsplit(":", 1)[-1],
        )
        for rule in wiring_.rules
        for target in rule.targets
        for arn in (target.arn, target.dead_letters or "")
        if ":sqs:" in arn
    ]
    return subscribed + ruled


def test_every_queue_lets_in_who_sends_to_it() -> None:
    for described in describe(SOURCES, Pacing()).values():
        queues = {queue.name: queue for queue in described.queues}
        for service, sender, queue in statements(described):
            resource = f"arn:aws:sqs:{described.region}:{described.number}:{queue}"
            request = policies.Request(service, "sqs:SendMessage", resource, {"aws:SourceArn": sender})
            assert policies.allows(queues[queue].policy, request), (sender, queue)
        assert statements(described)


def test_the_share_key_is_the_only_one_that_development_may_use() -> None:
    production = describe(SOURCES, Pacing())["production"]
    usable = {
        described.alias
        for described in production.keys
        if policies.allows(
            described.policy, policies.Request(DEVELOPMENT, "kms:Decrypt", f"arn:aws:kms:::{described.alias}")
        )
    }
    assert usable == {SHARE_KEY}


def test_weekly_refreshes_are_off_and_sweeps_are_on_until_somebody_decides(wired: World) -> None:
    listed = wired.client("production", "scheduler").list_schedules()["Schedules"]
    assert {one["Name"]: one["State"] for one in listed} == {
        "refresh-shop-fr": "DISABLED",
        "refresh-shop-es": "DISABLED",
        "sweep-restore": "ENABLED",
        "sweep-snapshot": "ENABLED",
    }


def test_each_function_acts_in_a_role_of_its_own(wired: World) -> None:
    keys = {
        stage: function.setup.environment["AWS_ACCESS_KEY_ID"] for stage, function in wired.functions.items()
    }
    assert len(set(keys.values())) == len(keys) == 4
    by_account = {"receiver": "development"}
    for stage, access_key in keys.items():
        account = wired.accounts[by_account.get(stage, "production")]
        assert account.role_of(access_key) == f"snapveil-{stage}"


def test_a_key_that_nobody_has_is_named() -> None:
    text = "key: ${key:alias/none}"
    described = wiring.development(text, [])
    with emulated(Record(), FakeTasks(), TaskTimings()):
        account: Account = accounts()["development"]
        with pytest.raises(provision.WiringError, match=r"alias/none.*known: alias/snapveil-copy"):
            provision.apply(described, account)
