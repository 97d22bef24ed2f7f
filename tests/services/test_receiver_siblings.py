"""What targets of one source owe each other: who is meant, which copies stay, and when production hears."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.receiver.addressing import Addresses
from services.receiver.siblings import Siblings, common_tags
from services.receiver.stage import Wanted, key_of
from shared.config import Development, read
from shared.events import MessageError, RefreshRequested, SnapshotShared, TargetRequested
from shared.ledger import Ledger
from shared.records import Choice, Delivery
from tests.builders import COPY_KEY, DEVELOPMENT, NOW, PRODUCTION, RUN_ID, SHARE_KEY, later

MINE, DATA = "snapveil-dev-shop-fr", "snapveil-dev-data"
SHARED = SnapshotShared(
    run_id=RUN_ID,
    kind="instance",
    snapshot_arn=f"arn:aws:rds:eu-west-3:{PRODUCTION}:snapshot:snapveil-shr-{RUN_ID}",
    policy_digest="0" * 64,
)


def a_config(**targets: dict[str, Any]) -> Development:
    document = {
        "version": 1,
        "account": "development",
        "account_id": DEVELOPMENT,
        "region": "eu-west-3",
        "accept": {"owners": [PRODUCTION], "keys": [SHARE_KEY]},
        "copy_key": COPY_KEY,
        "targets": {
            name.replace("_", "-"): {"kind": "instance", "placement": {"instance_class": "db.t4g.medium"}}
            | says
            for name, says in targets.items()
        },
    }
    config = read(json.dumps(document), "development.yaml")
    assert isinstance(config, Development)
    return config


TEAM = a_config(
    data={"source": "shop-fr", "name": DATA, "keep": 3},
    shop_fr={"name": MINE, "keep": 1},
    shop_es={"name": "snapveil-dev-shop-es"},
)
TEAMS_ONLY = a_config(
    data={"source": "shop-fr", "name": DATA}, ops={"source": "shop-fr", "name": "snapveil-dev-ops"}
)
ALONE = a_config(data={"source": "shop-fr", "name": DATA})


class LedgerInMemory(Ledger):
    """What targets write down and read, without a table."""

    def __init__(self) -> None:
        super().__init__("none")
        self.deliveries: dict[tuple[str, str, str], Delivery] = {}
        self.choices: dict[str, Choice] = {}

    def delivery(self, run_id: str, edition: str = "", target: str = "") -> Delivery:
        return self.deliveries.get((run_id, edition, target), Delivery())

    def record_delivery(
        self, run_id: str, edition: str = "", target: str = "", **facts: datetime | str
    ) -> None:
        known = self.delivery(run_id, edition, target)
        once = {name: getattr(known, name) or fact for name, fact in facts.items()}
        self.deliveries[run_id, edition, target] = known.model_copy(update=once)

    def choice(self, target: str) -> Choice | None:
        return self.choices.get(target)

    def choose(self, target: str, choice: Choice) -> None:
        self.choices[target] = choice


@pytest.fixture
def ledger() -> Ledger:
    return LedgerInMemory()


def asked(**wish: object) -> TargetRequested:
    return TargetRequested.model_validate({"source": "shop-fr", "request": "0" * 32, **wish})


@pytest.mark.parametrize(
    ("config", "trigger", "databases"),
    [
        (TEAM, SHARED, [DATA, MINE]),
        (TEAM, RefreshRequested(source="shop-fr"), [DATA, MINE]),
        (TEAM, RefreshRequested(source="shop-fr", target="shop-fr"), [MINE]),
        (TEAM, RefreshRequested(source="shop-fr", target="data"), [DATA]),
        (TEAM, RefreshRequested(source="shop-es"), ["snapveil-dev-shop-es"]),
        (TEAM, asked(), [MINE]),
        (TEAM, asked(target="data"), [DATA]),
        (ALONE, asked(), [DATA]),
    ],
)
def test_whom_a_message_means(config: Development, trigger: Any, databases: list[str]) -> None:
    assert [one.target for one in Addresses(config).of(trigger)] == databases


@pytest.mark.parametrize(
    ("config", "trigger", "why"),
    [
        (
            TEAM,
            RefreshRequested(source="shop-be"),
            r"no target for source 'shop-be' \(it has shop-es",
        ),
        (TEAM, RefreshRequested(source="data"), "no target for source 'data'"),
        (TEAM, asked(target="shop-es"), r"source shop-fr has no target 'shop-es' \(it has data, shop-fr\)"),
        (TEAMS_ONLY, asked(), "several targets, data, ops: say which"),
    ],
)
def test_whom_no_message_can_mean(config: Development, trigger: Any, why: str) -> None:
    with pytest.raises(MessageError, match=why):
        Addresses(config).of(trigger)


def test_a_target_keeps_what_the_most_demanding_of_its_source_keeps() -> None:
    data, mine = Addresses(TEAM).of(SHARED)
    assert (data.keep, mine.keep) == (3, 3)
    assert (data.key, data.name, data.others) == ("target#data", "data", ("shop-fr",))
    assert (mine.key, mine.name, mine.others) == ("target#shop-fr", "", ("data",))
    assert Addresses(TEAM).remembered("target#data") == data
    assert Addresses(TEAM).remembered("target#gone") is None


class TestWhatProductionHears:
    def told(self, ledger: Ledger, at: datetime = NOW) -> list[tuple[str, tuple[str, ...] | None] | None]:
        siblings = Siblings(TEAM, ledger, lambda: at)
        answers = [siblings.to_tell(one, RUN_ID) for one in Addresses(TEAM).of(SHARED)]
        return [(one.target, one.others) if one else None for one in answers]

    def test_nothing_until_the_last_is_replaced_then_once_and_once_more(self, ledger: Ledger) -> None:
        assert self.told(ledger) == [None, None]
        ledger.record_delivery(RUN_ID, target="data", replaced_at=NOW)
        assert self.told(ledger) == [None, None]
        ledger.record_delivery(RUN_ID, replaced_at=NOW)
        assert self.told(ledger) == [(DATA, (MINE,))] * 2
        for _ in range(2):  # two targets that saw it at the same moment
            Siblings(TEAM, ledger, lambda: NOW).told(RUN_ID)
        assert self.told(ledger) == [None, None]
        afterwards = NOW + timedelta(hours=1)
        assert self.told(ledger, afterwards) == [(DATA, (MINE,))] * 2
        Siblings(TEAM, ledger, lambda: afterwards).told(RUN_ID)
        assert self.told(ledger, later(600)) == [None, None]

    def test_a_target_for_which_an_operator_chose_other_data_is_not_waited_for(self, ledger: Ledger) -> None:
        ledger.record_delivery(RUN_ID, replaced_at=NOW)
        older = RUN_ID.replace("1123", "1116")
        ledger.choose(key_of("data"), Choice(run_id=older, edition="", over=RUN_ID, request="0" * 32))
        assert self.told(ledger) == [(MINE, None)] * 2

    def test_one_target_named_as_its_source_is_no_matter_of_several(self, ledger: Ledger) -> None:
        ledger.record_delivery(RUN_ID, replaced_at=NOW)
        assert (
            Siblings(TEAM, ledger, lambda: NOW).to_tell(
                Wanted("shop-fr", MINE, delete_first=False, keep=2), RUN_ID
            )
            is None
        )


def test_a_copy_bears_the_tags_on_which_all_targets_agree() -> None:
    assert common_tags([{"team": "data", "cost": "7"}]) == {"team": "data", "cost": "7"}
    assert common_tags([{"team": "data", "cost": "7"}, {"team": "ops", "cost": "7"}]) == {"cost": "7"}
