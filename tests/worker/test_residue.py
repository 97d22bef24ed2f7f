"""After masking not a byte of an original is left in the data directory; every part of cleaning is needed."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from services.anonymize.worker.engines.postgresql import cleaning
from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.engines.postgresql.holding import hold
from services.anonymize.worker.engines.postgresql.residue import snapshots, statistics
from services.anonymize.worker.engines.postgresql.residue.catalogs import rewrite_catalogs
from services.anonymize.worker.engines.results import leftovers
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import DIGEST_KEY_SETTING, RunKey
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import Policy, load_policy
from services.anonymize.worker.progress import Advance
from services.anonymize.worker.report import as_json
from services.anonymize.worker.sql import KEY_SETTING
from tests.worker.building import tell_nobody
from tests.worker.stopped import Engine, Yard, make_past, search, yard

HERE = Path(__file__).parent
KEY = RunKey(b"k" * 32)
POLICY = (HERE / "history.yaml").read_text()
PLACES = (
    "ol em dc tn to st am js ko kd so es ak pa pk in ch tt mv cm df vw ix ck fn tg po rl en pb pg lo ls"
    " ss um sb od tm sd ul pt phone gi dm ag sx px pf rs rn sr fo ft oc gp"
)

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def place() -> Iterator[Yard]:
    with yard() as made:
        yield made


@pytest.fixture(scope="module")
def past(place: Yard) -> Path:
    return make_past(place, (HERE / "history.sql").read_text())


def work(engine: Engine, policy: str = POLICY, tell: Callable[[Advance], None] = tell_nobody) -> Outcome:
    with Database(address_of(engine.url()), KEY.settings()) as database:
        return anonymize(database, policy_of(policy), {}, 2, tell)


def policy_of(text: str) -> Policy:
    return load_policy(text, "policy.yaml")


def secrets() -> list[str]:
    return [KEY.settings()[name] for name in (KEY_SETTING, DIGEST_KEY_SETTING)]


def test_the_search_finds_every_place_before_masking(past: Path) -> None:
    found = search(past)
    outside = {place.split()[0] for place in found if not place.endswith("pg_wal")}
    assert set(PLACES.split()) - outside == set()
    assert any(place.endswith("pg_wal") for place in found)


def test_after_masking_not_a_byte_of_an_original_is_left(place: Yard, past: Path) -> None:
    data = place.copy(past, "masked")
    with place.run(data) as engine:
        outcome = work(engine)
        assert [finding.detail for finding in outcome.findings if not finding.passed] == []
        assert outcome.cleaning.left + outcome.quarantined.left == ()
    assert search(data, *secrets()) == Counter()
    log = engine.log.read_text(errors="replace")
    assert "ALTER TABLE" in log  # it logs every statement
    assert not [value for value in KEY.settings().values() if value.lstrip("-") in log]


def test_before_postgresql_18_statistics_are_forgotten_singly(
    place: Yard, past: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "_CLEARS", 10**9)
    data = place.copy(past, "older")
    with place.run(data) as engine:
        (said,) = work(engine).cleaning.left
        assert "public.listed_gone.k" in said
        assert "part of the partition key" in said
    assert search(data) == Counter()


STAYS = {  # where originals are without one part of cleaning; the first place is no other part's
    "tables": "kd ko ak pk in ch gi",
    "statistics": "tt es so ls sr sb rs gp",
    "catalogs": "cm df vw ix ck fn tg po rl en lo um ss am st ag sx px pf fo ft",
    "shared catalogs": "sd rn sb rs sr",
    "large objects": "lo",
    "other databases": "od oc",
}
# Each part is left out of one run or more, and no two of the same ones: so each place has its own part.
LEFT_OUT = [
    {"large objects", "tables", "statistics", "other databases"},
    {"tables", "catalogs", "statements", "other databases"},
    {"statistics", "shared catalogs", "statements", "other databases"},
]


def left_without(
    place: Yard, past: Path, monkeypatch: pytest.MonkeyPatch, parts: set[str]
) -> set[tuple[str, str]]:
    """What is found, and in which folder, if these parts of cleaning do not happen."""
    monkeypatch.setattr(cleaning, "PARTS", tuple(part for part in cleaning.PARTS if part.name not in parts))
    data = place.copy(past, f"without-{'-'.join(sorted(parts)).replace(' ', '-')}")
    with place.run(data) as engine:
        work(engine)
    found = search(data)
    print(parts, found)
    return {(kind.split()[0], kind.split()[-1]) for kind in found}


@pytest.mark.parametrize("parts", LEFT_OUT, ids=lambda parts: ", ".join(sorted(parts)))
def test_without_a_part_of_cleaning_its_places_keep_something_and_others_do_not(
    place: Yard, past: Path, monkeypatch: pytest.MonkeyPatch, parts: set[str]
) -> None:
    found = left_without(place, past, monkeypatch, parts)
    assert ("statements" in parts) == (("pg", "pg_stat") in found)
    kinds = {kind for kind, folder in found if folder != "pg_stat"}  # where statements have every value
    for part, stays in STAYS.items():
        if part in parts:
            gone = [kind for kind in stays.split() if kind not in kinds]
            assert stays.split()[0] not in gone, part
            assert len(gone) <= len(stays.split()) / 5, gone  # a page may have been put in order
        elif (
            part not in {"large objects", "statistics"} or "catalogs" not in parts
        ):  # which have them as well
            assert stays.split()[0] not in kinds, part


def test_without_the_lap_over_the_write_ahead_log_something_stays(
    place: Yard, past: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert left_without(place, past, monkeypatch, {"write-ahead log"})  # where depends on how far it has come


def test_a_worker_killed_while_it_cleans_is_succeeded_by_another(place: Yard, past: Path) -> None:
    data = place.copy(past, "killed")
    with place.run(data) as engine:
        for part in ("catalogs", "write-ahead log"):
            assert killed_at(engine, part)
        assert work(engine).passed
    assert search(data, *secrets()) == Counter()


def test_the_session_that_keeps_others_out_clears_its_place_of_temporary_tables(
    place: Yard, past: Path
) -> None:
    temporary = (
        "SELECT n.oid, c.relname FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid"
        " WHERE nspname ~ '^pg_temp'"
    )
    with (
        place.run(place.copy(past, "held")) as engine,
        engine.connect("postgres") as root,
        Database(address_of(engine.url())) as database,
    ):
        before = root.execute(temporary).fetchall()
        with hold(database, 1):
            assert root.execute(temporary).fetchall() != before  # it has a place, or cleared it


def files(root: psycopg.Connection) -> dict[str, int]:
    """The files in which the database's own catalogs stand."""
    return dict(
        root.execute(
            "SELECT relname, pg_relation_filenode(oid) FROM pg_class WHERE relkind = 'r' AND NOT relisshared"
            " AND relnamespace = 'pg_catalog'::regnamespace"
        ).fetchall()
    )


def killed_at(engine: Engine, part: str) -> bool:
    """Whether a worker in a process of its own died at that part, with its sessions open."""
    child = os.fork()
    if child == 0:

        def tell(advance: Advance) -> None:
            if advance.step == "cleaning" and advance.table == part:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            work(engine, tell=tell)
        finally:
            os._exit(0)  # nothing of the parent's is cleaned up here
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_catalog_is_rewritten_unless_no_value_can_stand_in_it(place: Yard) -> None:
    with (
        place.run(place.create("catalogs")) as engine,
        engine.connect("postgres", "postgres") as root,
        Database(address_of(engine.url("postgres", "postgres"))) as database,
    ):
        root.execute(
            "DO $$BEGIN EXECUTE (SELECT format('CREATE TYPE e AS ENUM (%s)',"
            " string_agg(quote_literal(i), ', ')) FROM generate_series(1, 3000) i); END$$"
        )
        root.execute("DROP TYPE e")
        root.execute("VACUUM pg_enum")  # the table is empty now, and its indexes' pages are not
        assert root.execute(
            "SELECT pg_relation_size('pg_enum'), pg_indexes_size('pg_enum') > 24576"
        ).fetchone() == (0, True)
        before = files(root)
        assert rewrite_catalogs(database).left == []
        after = files(root)
        kept = {name for name, file in before.items() if after[name] == file}
        assert {"pg_transform", "pg_largeobject", "pg_depend", "pg_amop"} <= kept  # nothing, or only numbers
        assert not kept & {"pg_enum", "pg_statistic", "pg_description", "pg_class", "pg_proc"}
        of_no_table = engine.data / "base/5/99999"  # a crash left it
        of_no_table.write_bytes(b"0" * 300_000)
        (said,) = rewrite_catalogs(database).left
        assert "KiB lie in files of postgres that belong to no table" in said
        assert files(root)["pg_enum"] == after["pg_enum"]  # now nothing is in it


def test_what_cannot_be_reached_is_named_and_fails_the_run_unless_the_policy_accepts_it(
    place: Yard, past: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "PATIENCE", 0.2)
    data = place.copy(past, "refused")
    with (
        place.run(data) as engine,
        engine.connect("postgres") as root,
        engine.connect("postgres", "postgres") as elsewhere,
    ):
        elsewhere.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        with Database(address_of(engine.url())) as database:
            here = snapshots.wait_for_old_snapshots(database)
            (said,) = set(snapshots.wait_for_old_snapshots(database, everywhere=True)) - set(here)
            assert said.startswith("a session of postgres (pid")
        root.execute("REVOKE pg_checkpoint, pg_maintain FROM master")
        root.execute("REVOKE EXECUTE ON FUNCTION pg_stat_statements_reset FROM master")
        root.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
        root.execute("ALTER DATABASE shop OWNER TO stranger; GRANT CREATE ON DATABASE shop TO master")
        root.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()")
        (finding,) = (found for found in work(engine).findings if not found.passed)
        assert finding.name == "leftovers"
        for said in (
            "a session of postgres (pid",
            "database postgres: a session of postgres (pid",
            "catalogs of database shop: only its owner stranger may rewrite them",
            "write-ahead log: permission denied to execute CHECKPOINT command",
            "grant pg_checkpoint",
            "pg_stat_statements keeps the text of statements: permission denied",
            "role stranger: permission denied to alter role",
            "or accept it with leftovers: report in the policy",
        ):
            assert said in finding.detail
        accepted = work(engine, POLICY + "leftovers: report\n")
        assert accepted.passed
        assert any("role stranger" in said for said in accepted.quarantined.left)
        assert any("only pg_maintain may rewrite them" in said for said in accepted.cleaning.beyond)
        beyond, at_all = ("role y: refused",), policy_of(POLICY + "leftovers: strict\n")
        assert not leftovers(at_all, 1, (), beyond).passed
        assert "role y: refused; leftovers: strict" in leftovers(at_all, 1, (), beyond).detail
        assert leftovers(at_all, 1, (), ()).passed
        assert leftovers(policy_of(POLICY), 1, (), beyond).passed


def test_what_nobody_can_look_into_or_rewrite_stops_the_run(place: Yard, past: Path) -> None:
    with place.run(place.copy(past, "closed")) as engine, engine.connect("postgres") as root:
        for make, said, unmake in (
            (
                "ALTER DATABASE d ALLOW_CONNECTIONS false",
                'take no connections: "d é"',
                "ALLOW_CONNECTIONS true",
            ),
            ("ALTER DATABASE d IS_TEMPLATE true", 'take no connections: "d é"', "IS_TEMPLATE false"),
        ):
            root.execute('CREATE DATABASE "d é"')
            root.execute('REVOKE CONNECT ON DATABASE "d é" FROM PUBLIC')
            root.execute(make.replace("DATABASE d", 'DATABASE "d é"'))
            with pytest.raises(MaskingError, match=said):
                work(engine)
            root.execute(f'ALTER DATABASE "d é" {unmake}')
            root.execute('DROP DATABASE "d é"')
        root.execute('CREATE INDEX "half dropped" ON audit (what)')
        root.execute(
            """UPDATE pg_index SET indislive = false WHERE indexrelid = '"half dropped"'::regclass"""
        )
        with pytest.raises(MaskingError, match=r'was not ended: public\."half dropped"; they keep old'):
            work(engine)


def test_ties_to_production_are_cut_and_listed_except_what_the_policy_keeps(place: Yard, past: Path) -> None:
    keep = "{keep: {publications: [kept_*], roles: [reader], jobs: ['2: *']}}"
    policy = POLICY.replace("{keep: {publications: [kept_*]}}", keep) + "  cron.job: keep\n"
    data = place.copy(past, "cut")
    with place.run(data) as engine:
        with engine.connect("postgres") as root:
            root.execute(JOBS)
            root.execute(
                "CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
                "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION on_ddl()"
            )
            root.execute("CREATE VIEW far AS SELECT 'host=prod user=x password=y'::text")
            root.execute("ALTER VIEW far OWNER TO master")
            before = dict(root.execute("SELECT rolname, rolpassword FROM pg_authid").fetchall())
        session = engine.connect()
        outcome = work(engine, policy)
        assert [found.name for found in outcome.findings if not found.passed] == ["leftovers"]
        (left,) = outcome.quarantined.left
        assert left.startswith("view far holds a connection string with a password; take it out")
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
        with engine.connect("postgres") as root:
            after = dict(root.execute("SELECT rolname, rolpassword FROM pg_authid").fetchall())
            assert (after["app"], after["reader"]) == (None, before["reader"])
            assert root.execute("SELECT array_agg(jobname) FROM cron.job").fetchall() == [(["kept"],)]
            for catalog in (
                "pg_subscription",
                "pg_user_mapping",
                "pg_replication_slots",
                "pg_prepared_xacts",
            ):
                assert root.execute(f"SELECT FROM {catalog}").fetchall() == []
            assert root.execute("SELECT array_agg(pubname) FROM pg_publication").fetchall() == [
                (["kept_one"],)
            ]
            assert root.execute("SELECT srvoptions FROM pg_foreign_server").fetchall() == [(["host=h"],)]
    report = json.loads(as_json("run", "digest", outcome))
    told = {(cut["kind"], cut["name"]): cut["done"] for cut in report["quarantine"]}
    assert told["roles", "app"] == "password removed"
    assert told["roles", "reader"] == "kept by the policy"
    assert told["jobs", "1: mail the boss"] == "dropped"
    assert told["subscriptions", "old"] == told["user_mappings", "app on elsewhere"] == "dropped"
    assert told["prepared_transactions", "open"] == "rolled back"
    assert told["server_secrets", "elsewhere, option api_token"] == "removed"
    assert told["event_triggers", "watch"] == ""  # a superuser's, as AWS's own are
    assert any("event trigger watch" in said for said in report["cleaning"]["beyond"])
    assert list(report["cleaning"]["parts"]) == [part.name for part in cleaning.PARTS]


JOBS = """
CREATE SCHEMA cron;
CREATE TABLE cron.job (jobid bigint, jobname text, command text, username text DEFAULT 'app');
INSERT INTO cron.job VALUES (1, 'mail the boss', 'SELECT 1'), (2, 'kept', 'SELECT 2');
CREATE FUNCTION cron.unschedule(id bigint) RETURNS boolean LANGUAGE sql
  AS 'DELETE FROM cron.job WHERE jobid = id RETURNING true';
-- as the extension has it: everybody sees his own
ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cron.job USING (username = CURRENT_USER);
GRANT USAGE ON SCHEMA cron TO PUBLIC;
GRANT SELECT ON cron.job TO PUBLIC;
CREATE ROLE scheduler;
GRANT scheduler TO master WITH ADMIN TRUE, INHERIT FALSE;
ALTER TABLE cron.job OWNER TO scheduler;
INSERT INTO pg_depend
SELECT 'pg_class'::regclass, 'cron.job'::regclass, 0, 'pg_extension'::regclass, oid, 0, 'e' FROM pg_extension
 WHERE extname = 'plpgsql';
"""
