"""Every construct of MySQL and MariaDB in one schema, masked once by the whole pipeline."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

from services.anonymize.worker.engines.mysql.discovery import discover
from services.anonymize.worker.pipeline import Outcome
from services.anonymize.worker.plan import Method
from services.anonymize.worker.progress import Advance
from services.anonymize.worker.schema import Schema
from services.anonymize.worker.schema_file import read_schema, write_schema
from tests.mariadb import ON_MYSQL, MariaDBServer
from tests.worker.mysql.working import ask, definitions, opened, rows, work

HERE = Path(__file__).parent
OWN = "mysql" if ON_MYSQL else "mariadb"
STATEMENTS, POLICY = (
    "".join((HERE / f"torture{own}.{kind}").read_text() for own in ("", f"_{OWN}"))
    for kind in ("sql", "yaml")
)
of_mariadb = pytest.mark.skipif(ON_MYSQL, reason="MySQL keeps no history of its own in a table")
of_mysql = pytest.mark.skipif(not ON_MYSQL, reason="MariaDB has none of it")


@dataclass(frozen=True)
class Masked:
    """What was masked, before and after."""

    server: MariaDBServer
    name: str
    before: dict[str, list[tuple[Any, ...]]]
    defined: dict[str, list[str]]
    outcome: Outcome
    told: list[Advance]

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return ask(self.server, self.name, query)

    @property
    def after(self) -> dict[str, list[tuple[Any, ...]]]:
        return rows(self.server, self.name)


@pytest.fixture(scope="module")
def masked(mariadb_server: MariaDBServer) -> Iterator[Masked]:
    told: list[Advance] = []
    with mariadb_server.fresh_database(STATEMENTS) as name:
        before, defined = rows(mariadb_server, name), definitions(mariadb_server, name)
        outcome = work(mariadb_server, name, POLICY, told.append)
        yield Masked(mariadb_server, name, before, defined, outcome, told)


@pytest.fixture(scope="module")
def schema(mariadb_server: MariaDBServer) -> Iterator[Schema]:
    with (
        mariadb_server.fresh_database(STATEMENTS) as name,
        opened(mariadb_server, name, None) as database,
        database.begin() as connection,
    ):
        yield discover(connection)


def test_every_finding_is_good_and_the_schema_is_what_it_was(masked):
    assert [finding for finding in masked.outcome.findings if not finding.passed] == []
    kept = next(finding for finding in masked.outcome.findings if finding.name == "schema")
    assert kept.examined == (27 if ON_MYSQL else 26)
    assert {done.plan.method for done in masked.outcome.tables} == {
        Method.COPY,
        Method.TRUNCATE,
        Method.KEEP,
    }
    assert masked.outcome.rows_masked == (26 if ON_MYSQL else 19)


def test_every_table_is_defined_as_it_was(masked):
    assert definitions(masked.server, masked.name) == masked.defined


def test_no_original_is_left_in_any_row(masked):
    said = repr(masked.after)
    assert "old.example.org" not in said
    assert "anna" not in said.lower()
    assert repr(masked.before).count("old.example.org") > 12


def test_equal_values_stay_equal_in_tables_of_every_engine_and_character_set(masked):
    ((anna,),) = masked.ask("SELECT email FROM customers WHERE id = 1")
    others = "" if ON_MYSQL else " UNION SELECT who FROM aria_log"
    assert masked.ask("SELECT customer_email FROM orders WHERE id = 1") == [(anna,)]
    assert masked.ask(f"SELECT who FROM old_log{others}") == [(anna,)]
    assert masked.ask("SELECT json_value(profile, '$.email') FROM customers WHERE id = 1") == [(anna,)]


def test_what_no_rule_names_is_as_it_was(masked):
    kept = "id, kind, active, balance, photo, changed_at"
    assert masked.ask(f"SELECT {kept} FROM customers WHERE id > 0 ORDER BY id") == [
        row[0:1] + row[8:9] + row[10:11] + row[13:14] + row[15:16] + row[16:17]
        for row in sorted(masked.before["customers"])
        if row[0]
    ]
    assert masked.after["items"] == masked.before["items"]
    assert masked.ask("SELECT id FROM customers WHERE id = 0") == [(0,)]


def test_generated_columns_follow(masked):
    same = "full_name <=> BINARY concat(first_name, ' ', last_name) AND initial <=> BINARY left(last_name, 1)"
    assert masked.ask(f"SELECT id FROM customers WHERE NOT ({same})") == []


def test_no_trigger_fired_and_all_are_back_in_their_order(masked):
    assert masked.ask("SELECT count(*) FROM audit") == [(0,)]
    masked.ask("UPDATE customers SET balance = balance WHERE id = 1")
    assert [what for (what,) in masked.ask("SELECT what FROM audit")] == ["first", "second"]
    masked.ask("DELETE FROM audit")


def test_numbers_go_on_where_they_were(masked):
    found = dict(
        masked.ask(
            "SELECT table_name, auto_increment FROM information_schema.tables"
            " WHERE table_schema = database() AND auto_increment > 1"
        )
    )
    own = {"members": 42} if ON_MYSQL else {}
    assert found == own | {"customers": 5004, "orders": 4, "visits": 4, "basket": 78, "two_keys": 11}


def test_foreign_keys_hold_again(masked):
    with pytest.raises(pymysql.IntegrityError):
        masked.ask("INSERT INTO orders (customer, total) VALUES (4711, 1)")
    with pytest.raises(pymysql.IntegrityError):
        masked.ask("DELETE FROM tree WHERE id = 1")


@of_mariadb
def test_history_that_holds_originals_is_gone(masked):
    assert masked.ask("SELECT count(*) FROM history FOR SYSTEM_TIME ALL") == [(1,)]
    assert masked.ask("SELECT count(*) FROM periods FOR SYSTEM_TIME ALL") == [(1,)]
    why = {done.plan.table.name: done.plan.why for done in masked.outcome.tables}
    assert why["history"].endswith("without its history, whose rows hold originals")


def test_partitions_and_views_see_the_masked_rows(masked):
    assert len(masked.ask("SELECT * FROM visits PARTITION (p19)")) == 1
    assert masked.ask(
        "SELECT DISTINCT b.email = c.email FROM best_buyers b JOIN customers c USING (email)"
    ) == [(1,)]


def test_a_union_of_tables_follows_them(masked):
    assert masked.ask("SELECT who FROM all_log") == masked.ask("SELECT who FROM old_log")


@of_mysql
def test_what_only_mysql_has_is_kept_or_follows(masked):
    kept = "id, tags, code, joined, home, area, domain IS NOT NULL, since, touched"
    assert [row[:6] for row in masked.ask(f"SELECT {kept} FROM members ORDER BY id")] == [
        (row[0], row[3], *row[5:7], *row[7:9]) for row in sorted(masked.before["members"])
    ]
    ((email, hidden, domain, profile),) = masked.ask(
        "SELECT email, hidden, domain, profile FROM members WHERE id = 1"
    )
    assert (hidden, domain) == (email, email.split("@")[1])
    assert json.loads(profile) == {"a": [1000.0, "é"], "b": 1.0, "email": email}
    assert masked.ask("SELECT ST_SRID(home), ST_Latitude(home) FROM members ORDER BY id") == [
        (4326, 48),
        (4326, 49),
    ]
    assert masked.ask("SELECT id FROM members WHERE 'a' MEMBER OF (tags->'$[*]')") == [(1,)]
    assert masked.ask("SELECT email FROM regions WHERE id = 11") == [(email,)]
    assert len({word for (word,) in masked.ask("SELECT word FROM padded")}) == 3
    with pytest.raises(pymysql.OperationalError, match="members_at"):
        masked.ask("UPDATE members SET email = 'none' WHERE id = 1")
    with pytest.raises(pymysql.IntegrityError):
        masked.ask("INSERT INTO nicknames VALUES ('nobody''s')")


def test_nothing_of_the_worker_is_left(masked):
    assert masked.ask("SHOW DATABASES LIKE 'snapveil%'") == []


def test_progress_is_told_table_by_table(masked):
    done = [advance.tables_done for advance in masked.told if advance.step == "masking"]
    assert done == sorted(done)
    last = [advance for advance in masked.told if advance.step == "masking"][-1]
    assert (last.tables_done, last.rows_done) == (last.tables_total, last.rows_total)


def test_the_schema_is_read_with_what_masks_go_by(schema):
    customers = schema.table("public", "customers")
    assert customers is not None
    found = {column.name: column for column in customers.columns}
    assert (found["email"].charset, found["email"].collation) == ("latin1", "latin1_general_cs")
    assert (found["profile"].base_type, found["active"].base_type) == ("json", "bool")
    assert found["kind"].enum_labels == ("private", "it's a company")
    assert (found["full_name"].generated_stored, found["initial"].generated_stored) == (False, True)
    assert {unique.name: (unique.folded, unique.opaque) for unique in customers.uniques} == {
        "PRIMARY": (frozenset(), frozenset()),
        "customers_email": (frozenset(), frozenset()),
    }
    assert [trigger.name for trigger in schema.dependants] == [
        "customers_gone", "customers_added", "customers_first", "customers_changed",
    ]  # fmt: skip
    assert {view.name for view in schema.views} == {"buyers", "best_buyers", "all_log"}
    assert schema.table("public", "numbers") is None  # a sequence has no rows of people


def test_a_unique_index_over_part_of_a_value_says_nothing_of_the_whole(schema):
    slugs = schema.table("public", "slugs")
    assert slugs is not None
    assert {unique.name: (unique.columns, unique.opaque) for unique in slugs.uniques} == {
        "PRIMARY": (("id",), frozenset()),
        "slugs_slug": (("slug", "title"), frozenset({"title"})),
        "slugs_code": (("code",), frozenset({"code"})),
    }


def test_a_schema_comes_back_from_its_file(schema):
    assert read_schema(write_schema("mysql", schema)) == ("mysql", schema)
