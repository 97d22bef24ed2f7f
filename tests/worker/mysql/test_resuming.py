"""A worker for MySQL's family that is killed anywhere, and the one that continues for it."""

import threading
import time
from contextlib import suppress
from dataclasses import replace

import pymysql
import pytest
from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, event

from services.anonymize.worker.engines.mysql import holding
from services.anonymize.worker.engines.mysql.copying import Copying
from services.anonymize.worker.engines.mysql.engine import MySQL
from services.anonymize.worker.engines.mysql.holding import hold
from services.anonymize.worker.engines.mysql.inventory import take_inventory
from services.anonymize.worker.engines.mysql.masking import mask
from services.anonymize.worker.engines.mysql.planning import old_name
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.policy import load_policy, resolve
from services.anonymize.worker.progress import Advance
from tests.mariadb import MariaDBServer
from tests.worker.building import tell_nobody
from tests.worker.mysql.working import ask, opened, rows, work

TABLES = """
CREATE TABLE people (id int PRIMARY KEY AUTO_INCREMENT, email varchar(100) NOT NULL UNIQUE, name varchar(60));
INSERT INTO people (email, name) VALUES ('a@old.example.org', 'Anna'), ('b@old.example.org', 'Bob');
CREATE TABLE letters (id int PRIMARY KEY, email varchar(100),
  FOREIGN KEY (email) REFERENCES people (email));
INSERT INTO letters VALUES (1, 'a@old.example.org');
CREATE TRIGGER people_changed BEFORE UPDATE ON people FOR EACH ROW SET NEW.name = 'changed';
"""
POLICY = """
version: 1
tables:
  people: {columns: {id: keep, email: hash, name: hash}}
  letters: {columns: {id: keep, email: hash}}
"""
ASLEEP = "SELECT 1 FROM information_schema.processlist WHERE state = 'User sleep'"
# what makes a boundary: everything of masking itself that stays if the worker is killed behind it
STAYS = ("ALTER TABLE", "CREATE DEFINER", "DROP TRIGGER", "RENAME", "INSERT INTO `snapveil_work`.`new_",
         "INSERT INTO snapveil_work.checkpoints", "DROP TABLE IF EXISTS `snapveil_old`.`old_",
         "CREATE TABLE `snapveil_work`.`new_")  # fmt: skip
PLAN = TypeAdapter(Plan)


class KilledError(BaseException):
    """What nothing in the worker catches."""


class Killer:
    """Kills the worker right after its n-th statement that leaves something, in every session of it."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.dead = False
        self.lock = threading.Lock()

    def executing(self, *_: object) -> None:
        if self.dead:
            raise KilledError

    def executed(self, _: Connection, __: object, statement: str, *___: object) -> None:
        with self.lock:
            if statement.startswith(STAYS):
                self.left -= 1
            if self.left == 0:
                self.dead = True
        if self.dead:
            raise KilledError

    def __enter__(self) -> "Killer":
        event.listen(Engine, "before_cursor_execute", self.executing)
        event.listen(Engine, "after_cursor_execute", self.executed)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self.executing)
        event.remove(Engine, "after_cursor_execute", self.executed)


def mask_once(server: MariaDBServer, name: str) -> None:
    """The step of masking alone, as a worker does it that finds all before it done."""
    with opened(server, name) as database:
        engine = MySQL(database)
        engine.checkpoints.prepare()
        notes = engine.checkpoints.notes()
        if "plan" not in notes:
            schema = engine.discover()
            plan = engine.plan(resolve(load_policy(POLICY, "p"), schema), schema)
            engine.checkpoints.save({"plan": PLAN.dump_json(plan).decode()})
        else:
            plan = PLAN.validate_json(notes["plan"])
        mask(database, engine.checkpoints, plan, {}, 2, tell_nobody)
        ask(server, None, "DROP DATABASE snapveil_work")


def state(server: MariaDBServer, name: str) -> tuple[object, object]:
    """All rows and all definitions."""
    with opened(server, name, None) as database, database.begin() as connection:
        inventory = {key: what for key, what in take_inventory(connection).items() if key[0] != "database"}
    return rows(server, name), inventory


def test_a_worker_killed_after_any_statement_is_continued(mariadb_server):
    with mariadb_server.fresh_database(TABLES) as name:
        mask_once(mariadb_server, name)
        whole = state(mariadb_server, name)
    boundaries = 0
    while True:
        with mariadb_server.fresh_database(TABLES) as name:
            try:
                with Killer(boundaries + 1):
                    mask_once(mariadb_server, name)
            except KilledError:
                boundaries += 1
            else:
                break
            mask_once(mariadb_server, name)
            assert state(mariadb_server, name) == whole, boundaries
    assert boundaries > 20


@pytest.mark.parametrize("tables", [0, 1, 2])
def test_a_worker_killed_in_the_whole_run_is_continued(mariadb_server, without_cleaning, tables):
    told: list[Advance] = []

    def die(advance: Advance) -> None:
        told.append(advance)
        if advance.step == "masking" and advance.tables_done == tables:
            raise KilledError

    with mariadb_server.fresh_database(TABLES) as name:
        work(mariadb_server, name, POLICY)
        whole = state(mariadb_server, name)
    with mariadb_server.fresh_database(TABLES) as name:
        with pytest.raises(KilledError):
            work(mariadb_server, name, POLICY, die)
        outcome = work(mariadb_server, name, POLICY)
        assert outcome.passed
        assert state(mariadb_server, name) == whole
        if tables:
            (note,) = outcome.notes
            assert note.endswith("tables were masked by an earlier worker, which was stopped")
        assert ask(mariadb_server, None, "SHOW DATABASES LIKE 'snapveil%'") == []


def test_a_rename_that_a_crash_of_the_server_halved_is_ended(mariadb_server, without_cleaning, monkeypatch):
    def halve(copying: Copying, connection: Connection) -> None:
        planned = copying.planned
        if planned.table.name == "people":
            half = f"RENAME TABLE people TO {old_name(planned.table)}"
            copying.planned = replace(planned, statements=(*planned.statements[:-1], half))
        end(copying, connection)
        if planned.table.name == "people":
            raise KilledError

    end = Copying.end
    with mariadb_server.fresh_database(TABLES) as name:
        monkeypatch.setattr(Copying, "end", halve)
        with pytest.raises(KilledError):
            work(mariadb_server, name, POLICY)
        monkeypatch.setattr(Copying, "end", end)
        assert work(mariadb_server, name, POLICY).passed
        assert ask(mariadb_server, name, "SELECT count(*) FROM people") == [(2,)]


def test_a_second_worker_is_refused_while_the_first_is_at_work(mariadb_server):
    with (
        mariadb_server.fresh_database(TABLES) as name,
        opened(mariadb_server, name) as first,
        opened(mariadb_server, name) as second,
        hold(first, 1) as waited,
    ):
        assert waited is False
        with (
            pytest.raises(MaskingError, match="another worker is at work in fresh"),
            hold(second, 0.1),
        ):
            pass


def test_the_lock_outlives_what_the_server_takes_for_dead_and_its_loss_is_said(mariadb_server, monkeypatch):
    monkeypatch.setattr(holding, "SILENT_SECONDS", 1)
    monkeypatch.setattr(holding, "PULSE_SECONDS", 0.3)
    held = "SELECT IS_USED_LOCK('snapveil_work')"
    with mariadb_server.fresh_database() as name, opened(mariadb_server, name) as database:
        with hold(database, 1):
            time.sleep(1.3)
            ((session,),) = ask(mariadb_server, None, held)
            assert session is not None
        assert ask(mariadb_server, None, held) == [(None,)]
        with pytest.raises(MaskingError, match="was lost meanwhile"), hold(database, 1):
            ask(mariadb_server, None, f"KILL {ask(mariadb_server, None, held)[0][0]}")


def test_what_a_killed_worker_has_under_way_is_ended_and_an_idle_session_is_not(mariadb_server):
    def sleep() -> None:
        with (
            suppress(pymysql.MySQLError),
            mariadb_server.connect(name) as session,
            session.cursor() as cursor,
        ):
            cursor.execute("SELECT sleep(30)")
            ended.append("by itself")

    ended: list[str] = []
    with (
        mariadb_server.fresh_database("CREATE TABLE t (a int);\n") as name,
        mariadb_server.connect(name) as idle,
    ):
        half = mariadb_server.connect(name)  # a transaction that nobody ends
        half.begin()
        half.query("INSERT INTO t VALUES (1)")
        left = threading.Thread(target=sleep)
        left.start()
        while not ask(mariadb_server, None, ASLEEP):
            time.sleep(0.02)
        with opened(mariadb_server, name) as database, hold(database, 1):
            left.join(5)
        assert not left.is_alive()
        idle.ping(reconnect=False)
        with pytest.raises(pymysql.MySQLError):
            half.ping(reconnect=False)
        half.close()
    assert ended == []


def test_somebody_elses_database_of_the_workers_name_is_not_taken_for_its_own(mariadb_server):
    with mariadb_server.fresh_database(TABLES) as name:
        ask(mariadb_server, None, "CREATE DATABASE snapveil_work")
        ask(mariadb_server, None, "CREATE TABLE snapveil_work.ours (n int)")
        try:
            with pytest.raises(MaskingError, match="snapveil_work"):
                work(mariadb_server, name, POLICY)
            assert ask(mariadb_server, None, "SELECT count(*) FROM snapveil_work.ours") == [(0,)]
        finally:
            ask(mariadb_server, None, "DROP DATABASE snapveil_work")
