"""A worker that is killed is succeeded by another: every step is done once, and the rows are those of one run."""

# ruff: noqa: E501 - statements and messages are said as they are

from collections.abc import Sequence

import pytest

from services.anonymize.worker import pipeline, resuming
from services.anonymize.worker.engines import masking_of
from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import Outcome
from services.anonymize.worker.progress import Advance
from tests.worker.conftest import Server
from tests.worker.killing import KEY, KilledError, ask, done, fill, killed, killing, work

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
PIECES = *MASKED[:-1], "parts_1", "parts_2"
RELATIONS = *MASKED, "log", "audit", "mails", "per_city"


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
        fill(server, "undisturbed", SHOP)
        assert work(server, "undisturbed", POLICY).passed
        assert left(server, "undisturbed") == (True, True, 1)
        return rows(server, "undisturbed")
    finally:
        with server.superuser() as connection:
            connection.execute("DROP DATABASE undisturbed WITH (FORCE)")


def test_killed_at_every_boundary_before_and_after_it_the_rows_are_those_of_one_run(
    server, database, expected
):
    fill(server, database, SHOP)
    seen: set[str] = set()
    concluded: list[Outcome] = []
    for turn in range(100):
        try:
            with killing(after=turn % 2 == 1):
                work(server, database, POLICY, connections=1, conclude=concluded.append)
            break
        except KilledError:
            seen |= done(server, database)
    assert {"before 1", "lookup 1", "dismantle", "rebuild", "refresh", "after 1"} <= seen
    assert {f"table public.{name}" for name in PIECES} <= seen
    assert turn == 2 * (len(seen) + 5) + 1  # at five notes, too, and before the last trace is removed
    assert rows(server, database) == expected
    assert left(server, database) == (True, True, 1)
    assert concluded[-1].passed
    assert [step.step for step in concluded[-1].steps] == ["sql at policy.yaml:4:8", "sql at policy.yaml:6:8"]
    assert {masked.plan.table.label: masked.rows for masked in concluded[-1].tables}["people"] == 60
    assert concluded[-1].notes == ("5 tables were masked by an earlier worker, which was stopped",)


def test_a_process_that_is_killed_after_each_table_is_succeeded_by_others(server, database, expected):
    fill(server, database, SHOP)
    for count in range(1, len(PIECES) + 1):
        assert killed(
            lambda tell: work(server, database, POLICY, tell),
            lambda advance, count=count: advance.step == "masking" and advance.tables_done >= count,
        )
        assert len([step for step in done(server, database) if step.startswith("table ")]) >= count
    assert work(server, database, POLICY).passed
    assert rows(server, database) == expected
    assert left(server, database) == (True, True, 1)


@pytest.fixture
def half_done(server: Server, database: str) -> str:
    """A database in which a worker was killed after some tables."""
    fill(server, database, SHOP)

    def tell(advance: Advance) -> None:
        if advance.step == "masking" and advance.tables_done == 2:
            raise KilledError

    with pytest.raises(KilledError):
        work(server, database, POLICY, tell)
    return database


def test_whoever_may_not_continue_says_why_and_masks_nothing(server, half_done, monkeypatch):
    before = rows(server, half_done, MASKED)
    another_key = "begun under another key: the master password of the temporary database was changed since"
    with pytest.raises(MaskingError, match=rf"{another_key}.*begin again from a fresh restore"):
        work(server, half_done, POLICY, key=RunKey(b"x" * 32))
    with pytest.raises(MaskingError, match="begun under another policy; nothing more is masked here"):
        work(server, half_done, POLICY.replace("days: 30", "days: 31"))
    with monkeypatch.context() as patched:
        patched.setattr(resuming, "version", lambda: "another")
        with pytest.raises(MaskingError, match="begun under another version of the worker"):
            work(server, half_done, POLICY)
    fill(server, half_done, "TRUNCATE snapveil_work.originals")
    with pytest.raises(MaskingError, match=r"digests of .* are not all there: the server crashed"):
        work(server, half_done, POLICY)
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
            work(server, half_done, POLICY)
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
