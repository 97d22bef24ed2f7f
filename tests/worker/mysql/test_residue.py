"""After masking not a byte of an original is left in the server's files; every part of cleaning is needed."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from local.engines import Volume
from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.mysql import cleaning
from services.anonymize.worker.engines.mysql.cleaning import Work, clean
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.discovery import discover
from services.anonymize.worker.engines.mysql.residue import aria_log, old_versions
from services.anonymize.worker.engines.mysql.residue.quarantine import quarantine
from services.anonymize.worker.keys import DIGEST_KEY_SETTING, RunKey
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import Quarantine, load_policy
from services.anonymize.worker.report import as_json
from services.anonymize.worker.sql import KEY_SETTING
from tests.mariadb import ON_MYSQL
from tests.worker.building import tell_nobody
from tests.worker.mysql.stopped import RELAYED, Engine, Yard, make_past, search, yard

HERE = Path(__file__).parent
KEY = RunKey(b"k" * 32)
POLICY = load_policy((HERE / "history.yaml").read_text(), "policy.yaml")
KEPT = ("orders", "notes", "words", "wide", "zipped")
PLACES = (
    "ol em dc tn to am st ko ku ks kd ak pa tt ar my mf ft dr cm df vw fn ev eg tg ck sv pt sb phone"
    " cc gc de rc fx sh sn uc zp"
)
FILES: tuple[str, ...] = (
    *("ibdata1", "ib_logfile0", "aria_log.00000001", "binlog.000002", "master.info", "shop/customers.ibd"),
    *("master-pro@0020d.info", RELAYED),
    *("mysql/column_stats.MAD", "mysql/general_log.CSV", "mysql/slow_log.CSV", "mysql/proc.MAD"),
)
if ON_MYSQL:
    FILES = (
        *("undo", "#innodb_redo", "binlog.000003", "#ib_16384_0.dblwr", "mysql.ibd", "shop/customers.ibd"),
        *("mysql/general_log.CSV", "mysql/slow_log.CSV"),
    )
# without some parts of cleaning, what their places are
ABLATIONS = [
    (
        ("tables", "statistics", "logs in tables", "kept undo", "undo", "binary log"),
        (
            *("shop/orders.ibd", "shop/zipped.ibd", "shop/notes.MAD", "mysql/column_stats.MAD"),
            *("mysql/general_log.CSV", "mysql/slow_log.CSV", "ibdata1", "binlog"),
        ),
    ),
    (
        ("system tables", "Aria's log", "kept undo", "undo", "redo log"),
        ("mysql/event.MAD", "aria_log", "ibdata1", "ib_logfile0"),
    ),
    (("kept undo", "old versions"), ()),  # filling undo is enough for what is purged
]
if ON_MYSQL:
    ABLATIONS = [
        (
            ("tables", "statistics", "logs in tables", "kept undo", "undo", "binary log"),
            (
                *("shop/orders.ibd", "shop/wide.ibd", "shop/zipped.ibd", "shop/notes.MYD", "mysql.ibd"),
                *("mysql/general_log.CSV", "mysql/slow_log.CSV", "undo", "binlog"),
            ),
        ),
        (
            ("system tables", "data dictionary", "kept undo", "undo", "redo log"),
            ("mysql.ibd", "undo", "#innodb_redo", "#ib_16384_0.dblwr"),
        ),
        (("kept undo",), ("undo",)),
        (("data dictionary",), ("mysql.ibd",)),
    ]

OF_ONE_SERVER = (
    "statistics of columns: no right to the table (error 1142)",
    "mysql.event: what was replaced in it stays in its free space",
)
if ON_MYSQL:
    OF_ONE_SERVER = (
        "old versions of rows: nobody may see which are purged; GRANT PROCESS",
        "data dictionary: GRANT PROCESS, to see how large its file is",
    )

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def place() -> Iterator[Yard]:
    with yard() as made:
        yield made


@pytest.fixture(scope="module")
def past(place: Yard) -> Volume:
    return make_past(place, (HERE / "history.sql").read_text())


@pytest.fixture(scope="module")
def masked(place: Yard, past: Volume) -> Volume:
    """The same, masked and not cleaned."""
    with pytest.MonkeyPatch.context() as patch, place.copy(past) as engine:
        patch.setattr(cleaning, "PARTS", ())
        work(engine)
        return place.server.engines.snapshot(engine.volume)


def work(engine: Engine) -> Outcome:
    with Database(engine.address, KEY.settings()) as database:
        return anonymize(database, POLICY, {}, 2, tell_nobody)


def secrets() -> list[str]:
    return [KEY.settings()[name] for name in (KEY_SETTING, DIGEST_KEY_SETTING)]


def files(found: Counter[str]) -> set[str]:
    """Where something was found, without the numbers of files that are written in turn."""
    names = {place.split(" in ")[1] for place in found}
    return {re.sub(r"[.]0\d+$|(?<=^undo)_00\d$|(?<=^#innodb_redo)/.*$", "", name) for name in names}


def test_the_search_finds_every_place_before_masking(place: Yard, past: Volume) -> None:
    found = search(past)
    with place.copy(past) as engine:
        found += engine.search_stopped()
    assert set(PLACES.split()) - {place.split()[0] for place in found} == set()
    assert {re.sub(r"[.]0\d+$", "", name) for name in FILES} - files(found) == set()


@pytest.mark.skipif(not ON_MYSQL, reason="MariaDB has no data dictionary of InnoDB's")
def test_the_search_reads_the_data_dictionary(place: Yard, past: Volume) -> None:
    """As text, in base64, as digits, and compressed."""
    with place.copy(past) as engine:
        found = engine.search_stopped()
    assert {"cm in mysql.ibd", "ku in mysql.ibd", "ak in mysql.ibd", "fn in mysql.ibd"} <= set(found)
    assert {"cm in shop/customers.ibd", "de in shop/orders.ibd"} <= set(found)


def test_after_masking_not_a_byte_of_an_original_is_left(place: Yard, past: Volume) -> None:
    with place.copy(past) as engine:
        outcome = work(engine)
        assert [finding.detail for finding in outcome.findings if not finding.passed] == []
        assert outcome.cleaning.left + outcome.quarantined.left == ()
        assert any(said.startswith("InnoDB's change buffer: keys") for said in outcome.cleaning.beyond)
        assert engine.search(*secrets()) == Counter()
        assert engine.search_stopped(*secrets()) == Counter()
    report = json.loads(as_json("run", "digest", outcome))
    told = {(cut["kind"], cut["name"]): cut["done"] for cut in report["quarantine"]}
    named = {("replication", "from another server, pro d"): "ended and forgotten"}
    assert told == ({} if ON_MYSQL else named) | {
        ("replication", "from another server"): "ended and forgotten",
        ("events", "nightly"): "disabled",
        ("events", "weekly"): "kept by the policy",
        ("prepared_transactions", "'open'"): "rolled back",
        ("server_secrets", "elsewhere"): "removed",
        ("users", "app@%"): "password removed",
        ("users", "reader@%"): "kept by the policy",
    }
    assert list(report["cleaning"]["parts"]) == [part.name for part in cleaning.PARTS]


@pytest.mark.parametrize(("parts", "dirty"), ABLATIONS)
def test_without_some_parts_of_cleaning_just_their_places_hold_something(
    place: Yard,
    masked: Volume,
    monkeypatch: pytest.MonkeyPatch,
    parts: tuple[str, ...],
    dirty: tuple[str, ...],
) -> None:
    kept = tuple(part for part in cleaning.PARTS if part.name not in parts)
    monkeypatch.setattr(cleaning, "PARTS", kept)
    with place.copy(masked) as engine, Database(engine.address, KEY.settings()) as database:
        with database.autocommit() as connection:
            execute(connection, "CREATE DATABASE snapveil_work")
            tables = [table for table in discover(connection).tables if table.name in KEPT]
        clean(Work(database, POLICY, tuple(tables), 2, tell_nobody))
        found = engine.search()
    print(parts, found)
    # whether the old password for another server stands there depends on when Aria wrote the page
    assert files(found) - {"mysql/servers.MAD"} == set(dirty)


def test_what_a_right_is_missing_for_is_named_and_fails_the_run_unless_the_policy_accepts_it(
    place: Yard, past: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_versions, "PATIENCE", 0.2)
    monkeypatch.setattr(aria_log, "CHECKPOINTS", 0)
    with place.copy(past) as engine, engine.connect_as_admin() as root, root.cursor() as cursor:
        cursor.execute("REVOKE RELOAD, PROCESS, CREATE USER, EVENT ON *.* FROM master@'%'")
        cursor.execute("REVOKE SELECT, INSERT, UPDATE, DELETE, DROP ON *.* FROM master@'%'")
        for name in ("shop", "snapveil_work"):
            cursor.execute(f"GRANT ALL ON {name}.* TO master@'%'")
        cursor.execute("GRANT SELECT ON mysql.* TO master@'%'")
        cursor.execute("XA ROLLBACK 'open'")
        if not ON_MYSQL:
            cursor.execute("REVOKE SLAVE MONITOR ON *.* FROM master@'%'")
        with Database(engine.address, KEY.settings()) as database:
            quarantined = quarantine(database, POLICY.quarantine)
            with database.autocommit() as connection:
                execute(connection, "CREATE DATABASE snapveil_work")
            cleaned = clean(Work(database, POLICY, (), 2, tell_nobody))
    left = "; ".join((*quarantined.left, *cleaned.left))
    # which a user of RDS can be given no right for
    if not ON_MYSQL:
        assert "only SLAVE MONITOR may see" in "".join(quarantined.beyond)
    else:
        assert "mysql.servers: what was replaced in it stays in its free space" in "".join(cleaned.beyond)
    for said in (
        "replication from another server: a right is missing",
        "server secret elsewhere: a right is missing",
        "user app@%: a right is missing",
        *OF_ONE_SERVER,
        "mysql.general_log: no right to the table (error 1142)",
        "old versions of rows: nobody may see who holds them; GRANT PROCESS",
        "undo: GRANT PROCESS, to see how large its files are",
        "doublewrite buffer: a right is missing",
        "binary log: a right is missing that a master user does not have by default (error 1227); restore",
    ):
        assert said in left


def test_whoever_still_reads_old_rows_is_named(place: Yard, past: Volume) -> None:
    with place.copy(past) as engine, engine.connect() as stranger, stranger.cursor() as cursor:
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        cursor.execute("SELECT count(*) FROM orders")
        with Database(engine.address, KEY.settings()) as database:
            (said, prepared) = sorted(old_versions.wait_for_purge(database, 0.2).left, reverse=True)
            assert said.startswith("session ")
            assert "of master may still see rows from before masking" in said
            assert prepared.startswith("a prepared transaction may still see")
            cuts = {(cut.kind, cut.done) for cut in quarantine(database, POLICY.quarantine).cuts}
            assert {("sessions", "ended"), ("prepared_transactions", "rolled back")} <= cuts
        with pytest.raises(pymysql.OperationalError):
            cursor.execute("SELECT 1")


def test_secrets_in_the_schema_and_tables_on_other_servers_are_named(place: Yard, past: Volume) -> None:
    with place.copy(past) as engine, engine.connect() as master, master.cursor() as cursor:
        cursor.execute("CREATE VIEW far AS SELECT 'mysql://app:secret@production/shop' AS place")
        with Database(engine.address, KEY.settings()) as database:
            (left,) = quarantine(database, Quarantine()).left
            assert left.startswith("view far holds a connection string with a password; take it out")
            kept = quarantine(database, Quarantine(keep={"schema_secrets": ("view *",)}))
            assert kept.left == ()
