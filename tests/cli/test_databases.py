"""Looking at databases of MySQL's family: their address, their rows, the line that opens them."""

import subprocess

import pytest

from cli.databases import client_line, count_rows, url_of
from cli.sampling import look_at, where_to_look
from services.anonymize.worker import load_policy
from tests.mariadb import MariaDBServer

PEOPLE = """
CREATE TABLE `Contacts Pro` (`N°` int PRIMARY KEY, `E-mail` varchar(99), note text);
INSERT INTO `Contacts Pro` VALUES (2, 'b@example.invalid', NULL), (1, 'a@example.invalid', 'x');
CREATE TABLE empty (id int PRIMARY KEY, email varchar(99));
CREATE VIEW v AS SELECT 1 AS one;
"""
POLICY = """
version: 1
tables:
  "Contacts Pro": {columns: {"N°": keep, "E-mail": email, note: lorem}}
  empty: {columns: {id: keep, email: email}}
"""


def test_an_address_is_of_the_family_of_its_engine() -> None:
    where = ("127.0.0.1", 1, "u@", "p/", "shop")
    assert url_of("aurora-mysql", *where) == "mysql://u%40:p%2F@127.0.0.1:1/shop"
    assert url_of("aurora-postgresql", *where) == "postgresql://u%40:p%2F@127.0.0.1:1/shop"


@pytest.mark.engines
def test_rows_are_counted_and_shown_under_the_names_that_a_policy_uses(mariadb_server: MariaDBServer) -> None:
    with mariadb_server.fresh_database(PEOPLE) as database:
        given = mariadb_server.host, mariadb_server.port, mariadb_server.user, mariadb_server.password
        url = url_of("mariadb", *given, database)
        assert count_rows(url) == {"Contacts Pro": 2, "empty": 0}
        ((place, rows),) = look_at(url, where_to_look(load_policy(POLICY, "policy.yaml"))).items()
        assert place.table == "Contacts Pro"
        assert rows == {
            ("1",): {"E-mail": "a@example.invalid", "note": "x"},
            ("2",): {"E-mail": "b@example.invalid", "note": ""},
        }
        line = f"{client_line(url)} --batch --execute 'SELECT count(*) FROM `Contacts Pro`'"
        opened = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
        assert opened.stdout == "count(*)\n2\n"
