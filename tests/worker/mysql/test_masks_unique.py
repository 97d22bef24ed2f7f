# ruff: noqa: E501 - tables and rules are said as they are
"""Unique columns of MariaDB under collations that take different texts for one."""

import pytest

from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.policy import PolicyError
from tests.worker.mysql.working import ask, work

KEYS = """
CREATE TABLE t (id int PRIMARY KEY, code varchar(6) UNIQUE, siren char(9), tel varchar(10) UNIQUE, mail varchar(190), UNIQUE (siren, code),
                UNIQUE (mail)) COLLATE {0};
INSERT INTO t WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 900)
  SELECT n, CONCAT(IF(n % 2, 'aB-', 'Ab-'), n), n + 100000000, CONCAT('06', LPAD(n * 7, 8, '0')), CONCAT('U', n, '@x.fr') FROM numbers;
"""
RULES = "version: 1\ntables: {t: {columns: {id: keep, code: scramble, siren: siren, tel: {mask: phone, range: any}, mail: email}}}"


@pytest.mark.parametrize("collation", ["utf8mb4_general_ci", "utf8mb4_unicode_ci", "latin1_swedish_ci"])
def test_short_codes_stay_unique_under_the_servers_usual_collations(mariadb_server, collation):
    with mariadb_server.fresh_database(KEYS.format(collation)) as name:
        assert work(mariadb_server, name, RULES).passed
        kept = "SELECT COUNT(DISTINCT code), COUNT(DISTINCT siren), COUNT(DISTINCT tel) FROM t"
        assert ask(mariadb_server, name, kept) == [(900, 900, 900)]


@pytest.mark.parametrize("value", ["é", "a "])
def test_a_short_code_that_a_collation_may_take_for_another_stops_the_run(mariadb_server, value):
    with mariadb_server.fresh_database(KEYS.format("latin1_swedish_ci")) as name:
        ask(mariadb_server, name, f"UPDATE t SET code = '{value}' WHERE id = 1")
        with pytest.raises(MaskingError, match="holds signs beyond ASCII, or spaces at the end") as stopped:
            work(mariadb_server, name, RULES)
        assert "differ in case only; use shuffle, null or keep" in str(stopped.value)


@pytest.mark.parametrize("collation", ["utf8mb4_lithuanian_ci", "utf8mb4_roman_ci", "utf8mb4_hungarian_ci"])
def test_a_languages_own_collation_may_take_two_letters_for_one(mariadb_server, collation):
    with (
        mariadb_server.fresh_database(KEYS.format(collation)) as name,
        pytest.raises(PolicyError, match="is unique by code, whatever the case, and scramble may"),
    ):
        work(mariadb_server, name, RULES)
