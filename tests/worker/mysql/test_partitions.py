"""Parts of a copy that several sessions fill: partitions, or ranges of a large table's rows."""

# ruff: noqa: E501 - statements are said as they are

import pytest

from services.anonymize.worker.engines.mysql import copying
from services.anonymize.worker.engines.mysql.copying import Copying
from services.anonymize.worker.progress import Advance
from tests.mariadb import ON_MYSQL, MariaDBServer
from tests.worker.killing import KilledError
from tests.worker.mysql.working import ask, definitions, work

pytestmark = pytest.mark.usefixtures("without_cleaning")

DIGITS = (
    "SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6"
)
VISITS = f"""
CREATE TABLE visits (id int NOT NULL AUTO_INCREMENT, on_day date NOT NULL, mail varchar(80), note varchar(40),
  PRIMARY KEY (id, on_day), UNIQUE KEY by_mail (mail, on_day, id), KEY by_note (note))
  PARTITION BY RANGE (year(on_day)) SUBPARTITION BY KEY (id) SUBPARTITIONS 2 (
  PARTITION `2019 or so` VALUES LESS THAN (2020) COMMENT = 'long ago', PARTITION p20 VALUES LESS THAN (2021),
  PARTITION rest VALUES LESS THAN MAXVALUE);
INSERT INTO visits (on_day, mail, note) SELECT date '2018-12-25' + INTERVAL 16 * (49 * a.d + 7 * b.d + c.d) DAY,
  CONCAT('v', 49 * a.d + 7 * b.d + c.d, '@mail.fr'), CONCAT('seen by v', c.d, '@mail.fr')
  FROM ({DIGITS}) a, ({DIGITS}) b, ({DIGITS}) c;
"""
POLICY = "version: 1\ntables: {visits: {columns: {id: keep, on_day: keep, mail: email, note: redact}}}\n"
SPREAD = (
    "SELECT partition_name, subpartition_name, partition_description, partition_comment FROM information_schema.partitions"
    " WHERE table_schema = DATABASE() ORDER BY partition_ordinal_position, subpartition_ordinal_position"
)
COUNTED = (
    "SELECT (SELECT count(*) FROM visits PARTITION (`2019 or so`)), (SELECT count(*) FROM visits PARTITION (p20)),"
    " (SELECT count(*) FROM visits PARTITION (rest)), sum(id), sum(mail LIKE '%@example.invalid'),"
    " count(DISTINCT mail), sum(note LIKE '%[email]') FROM visits"
)
ORIGINALS = "SELECT count(*) FROM visits WHERE mail LIKE '%mail.fr' OR note LIKE '%mail.fr'"


def test_each_partition_is_filled_by_itself(mariadb_server: MariaDBServer) -> None:
    told: dict[str, None] = {}
    with mariadb_server.fresh_database(VISITS) as name:
        before, spread, counted = (
            definitions(mariadb_server, name),
            ask(mariadb_server, name, SPREAD),
            ask(mariadb_server, name, COUNTED),
        )
        outcome = work(mariadb_server, name, POLICY, lambda advance: told.update({advance.table or "": None}))
        assert outcome.passed
        (visits,) = outcome.tables
        assert visits.rows == 343
        assert (
            visits.plan.why == "a masked copy takes its place; each of its 3 partitions is filled by itself"
        )
        assert told.keys() >= {f"visits partition {part}" for part in ("2019 or so", "p20", "rest")}
        assert definitions(mariadb_server, name) == before
        assert ask(mariadb_server, name, SPREAD) == spread
        ((*parts, numbers, masked, different, redacted),) = ask(mariadb_server, name, COUNTED)
        assert (*parts, numbers) == counted[0][:4]
        assert (masked, different, redacted) == (343, 343, 343)
        assert ask(mariadb_server, name, ORIGINALS) == [(0,)]


@pytest.mark.parametrize("at", ["fill", "end"])
def test_a_worker_killed_between_partitions_is_continued(
    mariadb_server: MariaDBServer, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def once(copying: Copying, *more: object) -> None:
        done.append(copying)
        usual(copying, *more)
        if len(done) >= (2 if at == "fill" else 1):
            raise KilledError

    usual, done = getattr(Copying, at), list[Copying]()
    with mariadb_server.fresh_database(VISITS) as name:
        before = definitions(mariadb_server, name)
        monkeypatch.setattr(Copying, at, once)
        with pytest.raises(KilledError):
            work(mariadb_server, name, POLICY)
        monkeypatch.setattr(Copying, at, usual)
        assert work(mariadb_server, name, POLICY).passed
        assert definitions(mariadb_server, name) == before
        assert ask(mariadb_server, name, ORIGINALS) == [(0,)]
        assert ask(mariadb_server, name, "SELECT count(*), count(DISTINCT mail) FROM visits") == [(343, 343)]


def test_what_is_done_of_a_partitioned_table_is_told_once(mariadb_server: MariaDBServer) -> None:
    def die(advance: Advance) -> None:
        if advance.step == "cleaning" or (advance.step == "masking" and advance.tables_done == 3):
            raise KilledError

    with mariadb_server.fresh_database(VISITS) as name:
        with pytest.raises(KilledError):
            work(mariadb_server, name, POLICY, die)
        outcome = work(mariadb_server, name, POLICY)
        assert [(done.plan.table.label, done.rows) for done in outcome.tables] == [("visits", 343)]
        assert outcome.notes == ("1 tables were masked by an earlier worker, which was stopped",)


@pytest.mark.skipif(ON_MYSQL, reason="MySQL has no system versioning")
def test_where_rows_have_a_history_the_table_is_filled_as_a_whole(mariadb_server: MariaDBServer) -> None:
    versioned = """
CREATE TABLE visits (id int PRIMARY KEY, on_day date, mail varchar(80), note varchar(40)) WITH SYSTEM VERSIONING
  PARTITION BY SYSTEM_TIME (PARTITION old HISTORY, PARTITION now CURRENT);
INSERT INTO visits VALUES (1, '2024-01-01', 'a@mail.fr', 'x');
UPDATE visits SET mail = 'b@mail.fr';
"""
    with mariadb_server.fresh_database(versioned) as name:
        outcome = work(mariadb_server, name, POLICY)
        assert outcome.passed
        assert not outcome.tables[0].plan.units
        assert ask(mariadb_server, name, "SELECT count(*) FROM visits FOR SYSTEM_TIME ALL") == [(1,)]


def test_a_large_table_is_filled_range_by_range(
    mariadb_server: MariaDBServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = f"""
CREATE TABLE people (id bigint PRIMARY KEY, mail varchar(80) UNIQUE, place int, KEY by_place (place));
INSERT INTO people SELECT 500 * (49 * a.d + 7 * b.d + c.d) - 9000 - c.d, CONCAT('v', 49 * a.d + 7 * b.d + c.d, '@mail.fr'), c.d
  FROM ({DIGITS}) a, ({DIGITS}) b, ({DIGITS}) c;
INSERT INTO people VALUES (-9223372036854775808, 'least@mail.fr', 1), (9223372036854775807, 'most@mail.fr', 1);
CREATE TABLE one (id tinyint unsigned PRIMARY KEY, mail varchar(80));
INSERT INTO one VALUES (255, 'only@mail.fr');
CREATE TABLE none (id int PRIMARY KEY, mail varchar(80));
CREATE TABLE pairs (a int, b varchar(9), mail varchar(80), PRIMARY KEY (a, b));
INSERT INTO pairs VALUES (1, 'x', 'x@mail.fr'), (1, 'y', 'y@mail.fr'), (2, 'x', 'z@mail.fr'), (3, 'x', NULL);
CREATE TABLE named (name varchar(9) PRIMARY KEY, mail varchar(80));
INSERT INTO named VALUES ('x', 'x@mail.fr');
"""
    policy = """version: 1
tables:
  people: {columns: {id: keep, mail: email, place: keep}}
  one: {columns: {id: keep, mail: email}}
  none: {columns: {id: keep, mail: email}}
  pairs: {columns: {a: keep, b: keep, mail: email}}
  named: {columns: {name: keep, mail: email}}
"""
    said: list[str] = []

    def fill(filling: Copying, connection: object, part: str) -> None:
        said.append(f"{filling.planned.table.name}{part}")
        usual(filling, connection, part)  # type: ignore[arg-type]

    usual = Copying.fill
    monkeypatch.setattr(Copying, "fill", fill)
    monkeypatch.setattr(copying, "PART_BYTES", 1)
    monkeypatch.setattr(copying, "MOST_PARTS", 5)
    kept = "SELECT 'people', count(*), sum(place), count(mail), min(id), max(id) FROM people UNION ALL SELECT 'one', count(*), sum(id), count(mail), 1, 1 FROM one UNION ALL SELECT 'pairs', count(*), sum(a), count(mail), min(b), max(b) FROM pairs UNION ALL SELECT 'none', count(*), 0, 0, 0, 0 FROM none"
    with mariadb_server.fresh_database(statements) as name:
        before, counted = definitions(mariadb_server, name), ask(mariadb_server, name, kept)
        assert work(mariadb_server, name, policy).passed
        assert definitions(mariadb_server, name) == before
        assert ask(mariadb_server, name, kept) == counted
        for table in ("people", "one", "pairs", "named"):
            assert ask(mariadb_server, name, f"SELECT count(*) FROM {table} WHERE mail LIKE '%@mail.fr'") == [
                (0,)
            ]
    assert len([part for part in said if part.startswith("people WHERE `id` ")]) == 5
    # sessions come in any order
    assert {part for part in said if part.startswith("pairs")} == {
        "pairs WHERE `a` < 2",
        "pairs WHERE `a` >= 2 AND `a` < 3",
        "pairs WHERE `a` >= 3",
    }
    assert {"one", "none", "named"} <= {*said}
