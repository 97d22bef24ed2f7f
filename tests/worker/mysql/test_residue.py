"""After masking not a byte of an original is left in MariaDB's files; every part of cleaning is needed."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from local.engines import Volume
from services.anonymize.worker.engines.mysql import cleaning
from services.anonymize.worker.engines.mysql.cleaning import Work, clean
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.engine import MySQL
from services.anonymize.worker.engines.mysql.residue import old_versions
from services.anonymize.worker.engines.mysql.residue.quarantine import quarantine
from services.anonymize.worker.keys import DIGEST_KEY_SETTING, RunKey
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import Quarantine, load_policy
from services.anonymize.worker.report import as_json
from services.anonymize.worker.sql import KEY_SETTING
from tests.worker.building import tell_nobody
from tests.worker.mysql.stopped import Engine, Yard, make_past, search, yard

HERE = Path(__file__).parent
KEY = RunKey(b"k" * 32)
POLICY = load_policy((HERE / "history.yaml").read_text(), "policy.yaml")
PLACES = "ol em dc tn to am st ko ku ks kd ak pa tt ar my mf ft dr cm df vw fn ev eg tg ck sv pt sb phone"

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def place() -> Iterator[Yard]:
    with yard() as made:
        yield made


@pytest.fixture(scope="module")
def past(place: Yard) -> Volume:
    return make_past(place, (HERE / "history.sql").read_text())


def work(engine: Engine) -> Outcome:
    with Database(engine.address, KEY.settings()) as database:
        return anonymize(database, POLICY, {}, 2, tell_nobody)


def secrets() -> list[str]:
    return [KEY.settings()[name] for name in (KEY_SETTING, DIGEST_KEY_SETTING)]


def test_the_search_finds_every_place_before_masking(past: Volume) -> None:
    found = search(past)
    assert set(PLACES.split()) - {place.split()[0] for place in found} == set()
    for file in (
        "ibdata1",
        "ib_logfile0",
        "aria_log.00000001",
        "binlog.000002",
        "master.info",
        "shop/customers.ibd",
    ):
        assert any(place.endswith(f" in {file}") for place in found)
    for table in ("column_stats.MAD", "general_log.CSV", "slow_log.CSV", "proc.MAD"):
        assert any(place.endswith(f" in mysql/{table}") for place in found)


def test_after_masking_not_a_byte_of_an_original_is_left(place: Yard, past: Volume) -> None:
    with place.copy(past) as engine:
        outcome = work(engine)
        print(outcome.seconds, outcome.cleaning)
        assert [finding.detail for finding in outcome.findings if not finding.passed] == []
        assert outcome.cleaning.left + outcome.quarantined.left == ()
        assert engine.search(*secrets()) == Counter()
    report = json.loads(as_json("run", "digest", outcome))
    told = {(cut["kind"], cut["name"]): cut["done"] for cut in report["quarantine"]}
    assert told == {
        ("replication", "from another server"): "ended and forgotten",
        ("events", "nightly"): "disabled",
        ("events", "weekly"): "kept by the policy",
        ("prepared_transactions", "'open'"): "rolled back",
        ("server_secrets", "elsewhere"): "removed",
        ("users", "app@%"): "password removed",
        ("users", "reader@%"): "kept by the policy",
    }
    assert list(report["cleaning"]["parts"]) == [part.name for part in cleaning.PARTS]


@pytest.mark.parametrize(
    ("parts", "dirty"),
    [
        (("tables", "statistics", "logs in tables", "undo", "binary log"),
         ("shop/orders.ibd", "mysql/column_stats.MAD", "mysql/general_log.CSV", "mysql/slow_log.CSV", "ibdata1", "binlog")),
        (("system tables", "Aria's log", "undo", "redo log"),
         ("mysql/event.MAD", "mysql/servers.MAD", "aria_log", "ibdata1", "ib_logfile0")),
    ],
)  # fmt: skip
def test_without_some_parts_of_cleaning_just_their_places_hold_something(
    place: Yard, past: Volume, monkeypatch: pytest.MonkeyPatch, parts: tuple[str, ...], dirty: tuple[str, ...]
) -> None:
    monkeypatch.setattr(cleaning, "PARTS", tuple(part for part in cleaning.PARTS if part.name not in parts))
    with place.copy(past) as engine:
        work(engine)
        found = engine.search()
    print(parts, found)
    assert {re.sub(r"[.]0\d+$", "", name.split(" in ")[1]) for name in found} == set(dirty)
