"""What a worker writes down for the next one: claims, notes, scripts that run once, and the key that it needs."""

# ruff: noqa: E501 - statements and messages are said as they are

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from services.anonymize.worker.engines import masking_of
from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.engines.postgresql.tables import lift_row_security
from services.anonymize.worker.engines.postgresql.watching import Watch
from services.anonymize.worker.engines.results import Cut, Quarantined
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey, key_check
from services.anonymize.worker.plan import Method, TablePlan
from services.anonymize.worker.policy import load_policy, resolve
from services.anonymize.worker.progress import Advance
from services.anonymize.worker.resuming import Begun, Book, Remembered, Worker
from services.anonymize.worker.steps import StepDone
from tests.worker.conftest import Server
from tests.worker.killing import KEY, KilledError, ask, done, fill, killing, work


@pytest.mark.parametrize("commits", [True, False])
def test_a_table_under_way_in_the_session_of_a_worker_believed_dead_is_waited_for(server, database, commits):
    with Database(address_of(server.url(database)), KEY.settings()) as opened:
        checkpoints = masking_of(opened).checkpoints
        checkpoints.prepare()

        def claim() -> bool:
            with opened.begin() as connection:
                return checkpoints.claim(connection, "table public.t", rows=1)

        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        with ThreadPoolExecutor(1) as pool, opened.engine.connect() as first:
            assert checkpoints.claim(first, "table public.t", rows=1)
            second = pool.submit(claim)
            while ask(server, database, waiting) == [(0,)]:
                assert not second.done()
            if commits:
                first.commit()
            else:
                first.rollback()
            assert second.result() is not commits


STEP = "version: 1\nbefore: [{script: step.sql}]\ntables: {t: {columns: {n: keep}}}"


def work_until(server: Server, database: str, step: str, files: dict[str, bytes]) -> None:
    """Let workers be killed at one boundary after the other, until a step is done."""
    for _ in range(6):
        if step in done(server, database):
            return
        with pytest.raises(KilledError), killing(after=True):
            work(server, database, STEP, files=files)
    raise AssertionError(f"{step} was never done")


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE t SET n = n + 1; COMMIT; UPDATE t SET n = n + 1",
        "VACUUM t",
        "DO $$ BEGIN UPDATE t SET n = n + 1; COMMIT; END $$",
    ],
)
def test_a_script_that_is_no_single_transaction_is_never_begun_twice(server, database, script):
    fill(server, database, "CREATE TABLE t (n int); INSERT INTO t VALUES (0)")
    files = {"step.sql": script.encode()}
    work_until(server, database, "before 1 begun", files)
    ran = ask(server, database, "SELECT n FROM t")
    with pytest.raises(
        MaskingError, match=r"step.sql: a worker was stopped while it ran.*from a fresh restore"
    ):
        work(server, database, STEP, files=files)
    assert ask(server, database, "SELECT n FROM t") == ran


def test_a_script_that_is_one_transaction_runs_once_with_its_checkpoint(server, database):
    fill(server, database, "CREATE TABLE t (n int); INSERT INTO t VALUES (0)")
    files = {
        "step.sql": b"-- comment\nUPDATE t SET n = n + 1;\nSET ROLE master; UPDATE t SET n = n + 1 -- last"
    }
    work_until(server, database, "before 1", files)
    assert ask(server, database, "SELECT n FROM t") == [(2,)]
    assert work(server, database, STEP, files=files).passed
    assert ask(server, database, "SELECT n FROM t") == [(2,)]


def test_rows_of_a_table_under_way_are_estimated_by_what_the_database_has_grown(server, database):
    fill(
        server,
        database,
        "CREATE TABLE t (n int, note text); INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1, 4000) n",
    )
    told: list[Advance] = []
    with Database(address_of(server.url(database))) as opened:
        table = masking_of(opened).discover().tables[0]
        (piece,) = TablePlan(table, Method.REWRITE, "", ("note",)).pieces(4000)
        with Watch(opened, [piece], told.append) as watch:
            watch.began(piece)
            watch.look()
            with opened.begin() as rewriting:
                rewriting.exec_driver_sql("ALTER TABLE t ALTER COLUMN note TYPE text USING left(note, 250)")
                watch.look()
            watch.ended(piece, 0)
            watch.look()
    assert [(advance.tables_done, advance.table) for advance in told] == [
        (0, None),
        (0, "t"),
        (0, "t"),
        (1, "t"),
    ]
    assert told[1].rows_done < 200  # nothing of it is written
    assert 1000 < told[2].rows_done < 4000  # half as many bytes
    assert told[3].rows_done == 4000


def test_what_is_noted_is_read_as_it_was(server, database):
    fill(server, database, (Path(__file__).parent / "torture.sql").read_text())
    with Database(address_of(server.url(database)), KEY.settings()) as opened:
        masking = masking_of(opened)
        schema = masking.discover()
        policy = load_policy((Path(__file__).parent / "torture.yaml").read_text(), "policy.yaml")
        plan = replace(masking.plan(resolve(policy, schema), schema), checks=())
        masking.checkpoints.prepare()
        lift_row_security(opened, masking.checkpoints, schema)
        before = masking.take_baseline(schema, {"email": 3}, 2)
        cut = Quarantined(
            (Cut("roles", "app", "password removed"), Cut("jobs", "j", "", "refused", beyond=True))
        )
        notes = [
            Begun(schema, plan, before, (StepDone("before", "sql", 0.5),)),
            Remembered(Worker.at(opened, {}), schema, cut, {"email": 3}),
        ]
        for note in notes:
            Book(masking.checkpoints).save(note)
        book = Book(masking.checkpoints)
        assert [book.read(Begun), book.read(Remembered)] == notes


def test_a_key_follows_from_password_and_run_and_its_check_tells_it_from_others():
    same = RunKey.of_password("a" * 40, "run-1").settings()
    assert same == RunKey.of_password("a" * 40, "run-1").settings()
    others = [RunKey.of_password("b" * 40, "run-1"), RunKey.of_password("a" * 40, "run-2")]
    for other in others:
        assert not set(same.values()) & set(other.settings().values())
    checks = [key_check(settings) for settings in (same, *(other.settings() for other in others))]
    assert len(set(checks)) == 3
    assert not set(checks) & set(same.values())
    assert "a" * 40 not in str(same)


def test_somebody_elses_schema_of_the_workers_name_is_not_taken_for_its_own(server, database):
    fill(
        server,
        database,
        "CREATE TABLE t (n int); CREATE SCHEMA snapveil_work CREATE TABLE ours (n int); INSERT INTO snapveil_work.ours VALUES (7)",
    )
    policy = "version: 1\ntables: {t: {columns: {n: keep}}}"
    with pytest.raises(MaskingError, match="the schema snapveil_work is there already, with ours;"):
        work(server, database, policy)
    assert ask(server, database, "SELECT n FROM snapveil_work.ours") == [(7,)]
