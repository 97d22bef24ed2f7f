"""A worker that is killed is succeeded by another: every step is done once, and the rows are those of one run."""

# ruff: noqa: E501 - statements and messages are said as they are

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from services.anonymize.worker import pipeline, resuming
from services.anonymize.worker.engines import masking_of
from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.engines.postgresql.tables import lift_row_security
from services.anonymize.worker.engines.postgresql.watching import Watch
from services.anonymize.worker.engines.results import Cut, Quarantined
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey, key_check
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.plan import Method, TablePlan
from services.anonymize.worker.policy import load_policy, resolve
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.resuming import Begun, Book, Remembered, Worker
from services.anonymize.worker.steps import StepDone
from tests.worker.building import tell_nobody
from tests.worker.conftest import Server

KEY = RunKey(b"k" * 32)
SHOP = """
CREATE TABLE people (id int PRIMARY KEY, mail varchar(80) NOT NULL UNIQUE, name text, city text, born date,
                     shown text GENERATED ALWAYS AS (upper(name)) STORED);
INSERT INTO people SELECT n, 'person' || n || '@mail.fr', 'Person ' || n, 'City ' || n % 7, date '1960-01-01' + n FROM generate_series(1, 60) n;
CREATE TABLE letters (id int PRIMARY KEY, mail varchar(80) REFERENCES people (mail), phone text, seen int NOT NULL DEFAULT 0);
INSERT INTO letters SELECT n, 'person' || n || '@mail.fr', '06 12 34 56 ' || 10 + n FROM generate_series(1, 40) n;
CREATE TABLE salaries (id int PRIMARY KEY, amount int, note text);
INSERT INTO salaries SELECT n, n * 100, 'of person ' || n FROM generate_series(1, 50) n;
CREATE TABLE bound (id int PRIMARY KEY, street text, owner text DEFAULT current_user);
INSERT INTO bound SELECT n, n || ' rue de la Paix' FROM generate_series(1, 10) n;
ALTER TABLE bound ENABLE ROW LEVEL SECURITY; ALTER TABLE bound FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON bound USING (owner = current_user);
CREATE TABLE parts (id int, day date, phone text) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO parts SELECT n, date '2020-01-01' + n * 5, '06 98 76 54 ' || n FROM generate_series(10, 99) n;
CREATE TABLE log (id int, what text); INSERT INTO log VALUES (1, 'person1@mail.fr came');
CREATE TABLE audit (what text);
CREATE VIEW mails AS SELECT p.id, p.mail, l.phone FROM people p JOIN letters l USING (mail);
CREATE MATERIALIZED VIEW per_city AS SELECT city, count(*) AS people, min(mail) AS first FROM people GROUP BY city;
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (NEW.mail); RETURN NEW; END $$;
CREATE TRIGGER changed AFTER UPDATE OF mail ON people FOR EACH ROW EXECUTE FUNCTION noted();
"""
POLICY = """
version: 1
before:
- sql: "UPDATE letters SET seen = seen + 1; ALTER TABLE salaries ADD COLUMN raised int; UPDATE salaries SET raised = amount + 1"
after:
- sql: "UPDATE letters SET seen = seen * 10"
defaults: [{match: {column: raised}, rule: keep}]
tables:
  people: {columns: {id: keep, mail: email, name: full_name, city: city, born: {mask: date_shift, days: 30}}}
  letters: {columns: {id: keep, mail: email, phone: phone, seen: keep}}
  salaries: {columns: {id: keep, amount: shuffle, note: redact}}
  bound: {columns: {id: keep, street: street, owner: keep}}
  parts: {columns: {id: keep, day: keep, phone: phone}}
  log: truncate
  audit: truncate
"""
MASKED = "people", "letters", "salaries", "bound", "parts"
RELATIONS = *MASKED, "log", "audit", "mails", "per_city"


class KilledError(BaseException):
    """What nothing in the worker catches."""


def work(
    server: Server,
    database: str,
    policy: str = POLICY,
    tell: Tell = tell_nobody,
    key: RunKey = KEY,
    connections: int = 2,
    **more: Any,
) -> Outcome:
    files = {"policy.yaml": policy.encode(), **more.pop("files", {})}
    with Database(address_of(server.url(database)), key.settings()) as opened:
        return anonymize(opened, load_policy(policy, "policy.yaml"), files, connections, tell, **more)


def fill(server: Server, database: str, statements: str = SHOP) -> None:
    with server.connect(database) as connection:
        connection.execute(statements.encode())


def ask(server: Server, database: str, query: str) -> list[tuple]:
    with server.superuser(database) as connection:
        return connection.execute(query.encode()).fetchall()


def rows(server: Server, database: str, names: Sequence[str] = RELATIONS) -> dict[str, list[tuple]]:
    """Every row that there is, in an order of its own."""
    return {name: ask(server, database, f"SELECT t::text FROM {name} t ORDER BY 1") for name in names}


def left(server: Server, database: str) -> tuple:
    """What must be as it was before: no schema of the worker's, the trigger, and row security forced."""
    return ask(
        server,
        database,
        "SELECT to_regnamespace('snapveil_work') IS NULL, (SELECT relforcerowsecurity FROM pg_class WHERE relname = 'bound'),"
        " (SELECT count(*) FROM pg_trigger WHERE tgname = 'changed' AND tgenabled = 'O')",
    )[0]


@pytest.fixture(scope="module")
def expected(server: Server) -> dict[str, list[tuple]]:
    """The rows after a run that nobody disturbed."""
    with server.superuser() as connection:
        connection.execute("CREATE DATABASE undisturbed OWNER master")
    try:
        with server.superuser("undisturbed") as connection:
            connection.execute("ALTER SCHEMA public OWNER TO master")
        fill(server, "undisturbed")
        assert work(server, "undisturbed").passed
        assert left(server, "undisturbed") == (True, True, 1)
        return rows(server, "undisturbed")
    finally:
        with server.superuser() as connection:
            connection.execute("DROP DATABASE undisturbed WITH (FORCE)")


@contextmanager
def killing(*, after: bool) -> Iterator[None]:
    """Kill the worker right before, or right after, the next commit of something that the next one reads."""
    noting = "INSERT INTO snapveil_work.", 'DROP SCHEMA IF EXISTS "snapveil_work"'
    dead = False

    def executing(connection: Connection, _: object, statement: str, *__: object) -> None:
        if statement.startswith(noting):
            connection.info["noted"] = True

    def committing(connection: Connection) -> None:
        nonlocal dead
        if connection.info.pop("noted", False):
            if not after:
                raise KilledError
            dead = True

    def beginning(_: Connection) -> None:
        if dead:
            raise KilledError

    listeners = [("before_cursor_execute", executing), ("commit", committing), ("begin", beginning)]
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def done(server: Server, database: str) -> set[str]:
    with Database(address_of(server.url(database))) as opened:
        return set(masking_of(opened).checkpoints.done())


def test_killed_at_every_boundary_before_and_after_it_the_rows_are_those_of_one_run(
    server, database, expected
):
    fill(server, database)
    seen: set[str] = set()
    concluded: list[Outcome] = []
    for turn in range(100):
        try:
            with killing(after=turn % 2 == 1):
                work(server, database, connections=1, conclude=concluded.append)
            break
        except KilledError:
            seen |= done(server, database)
    assert {"before 1", "lookup 1", "dismantle", "rebuild", "refresh", "after 1"} <= seen
    assert {f"table public.{name}" for name in MASKED} <= seen
    assert turn == 2 * (len(seen) + 5) + 1  # at five notes, too, and before the last trace is removed
    assert rows(server, database) == expected
    assert left(server, database) == (True, True, 1)
    assert concluded[-1].passed
    assert [step.step for step in concluded[-1].steps] == ["sql at policy.yaml:4:8", "sql at policy.yaml:6:8"]
    assert {masked.plan.table.label: masked.rows for masked in concluded[-1].tables}["people"] == 60
    assert concluded[-1].notes == ("5 tables were masked by an earlier worker, which was stopped",)


def killed(work_on: Callable[[Tell], object], at: Callable[[Advance], bool]) -> bool:
    """Whether a worker in a process of its own died there by SIGKILL, with its sessions open."""
    child = os.fork()
    if child == 0:

        def tell(advance: Advance) -> None:
            if at(advance):
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            work_on(tell)
        finally:
            os._exit(0)  # nothing of the parent's is cleaned up here
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_process_that_is_killed_after_each_table_is_succeeded_by_others(server, database, expected):
    fill(server, database)
    for count in range(1, 6):
        assert killed(
            lambda tell: work(server, database, tell=tell),
            lambda advance, count=count: advance.step == "masking" and advance.tables_done >= count,
        )
        assert len([step for step in done(server, database) if step.startswith("table ")]) >= count
    assert work(server, database).passed
    assert rows(server, database) == expected
    assert left(server, database) == (True, True, 1)


@pytest.fixture
def half_done(server: Server, database: str) -> str:
    """A database in which a worker was killed after some tables."""
    fill(server, database)

    def tell(advance: Advance) -> None:
        if advance.step == "masking" and advance.tables_done == 2:
            raise KilledError

    with pytest.raises(KilledError):
        work(server, database, tell=tell)
    return database


def test_whoever_may_not_continue_says_why_and_masks_nothing(server, half_done, monkeypatch):
    before = rows(server, half_done, MASKED)
    another_key = "begun under another key: the master password of the temporary database was changed since"
    with pytest.raises(MaskingError, match=rf"{another_key}.*begin again from a fresh restore"):
        work(server, half_done, key=RunKey(b"x" * 32))
    with pytest.raises(MaskingError, match="begun under another policy; nothing more is masked here"):
        work(server, half_done, POLICY.replace("days: 30", "days: 31"))
    with monkeypatch.context() as patched:
        patched.setattr(resuming, "version", lambda: "another")
        with pytest.raises(MaskingError, match="begun under another version of the worker"):
            work(server, half_done)
    fill(server, half_done, "TRUNCATE snapveil_work.originals")
    with pytest.raises(MaskingError, match=r"digests of .* are not all there: the server crashed"):
        work(server, half_done)
    assert rows(server, half_done, MASKED) == before


def test_a_second_worker_at_the_same_time_is_refused(server, half_done, monkeypatch):
    monkeypatch.setattr(pipeline, "PATIENCE", 0.0)
    before = rows(server, half_done, MASKED)
    with (
        Database(address_of(server.url(half_done)), KEY.settings()) as first,
        masking_of(first).hold(0) as waited,
    ):
        assert not waited
        with pytest.raises(MaskingError, match=r"another worker is at work in .* stop its task"):
            work(server, half_done)
    assert rows(server, half_done, MASKED) == before
    with (
        Database(address_of(server.url(half_done)), KEY.settings()) as next_one,
        masking_of(next_one).hold(5),
    ):
        pass  # the lock went with its holder


def test_who_waited_for_another_worker_that_then_ended_does_not_begin_anew(server, database, monkeypatch):
    fill(server, database, "CREATE TABLE t (mail text); INSERT INTO t VALUES ('jean@free.fr')")
    policy = "version: 1\ntables: {t: {columns: {mail: email}}}"
    with pytest.raises(MaskingError, match=r"another worker was at work in .* and ended"):
        work(server, database, policy, must_continue=True)
    monkeypatch.setattr("services.anonymize.worker.engines.postgresql.holding.MOMENT", -1.0)
    with pytest.raises(MaskingError, match=r"another worker was at work in .* and ended"):
        work(server, database, policy)
    assert ask(server, database, "SELECT mail FROM t") == [("jean@free.fr",)]


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
        planned = TablePlan(table, Method.REWRITE, "", ("note",))
        with Watch(opened, [planned], {table.oid: 4000}, told.append) as watch:
            watch.began(planned)
            watch.look()
            with opened.begin() as rewriting:
                rewriting.exec_driver_sql("ALTER TABLE t ALTER COLUMN note TYPE text USING left(note, 250)")
                watch.look()
            watch.ended(planned, 0)
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
