# ruff: noqa: E501 - tables and rules are said as they are
"""Masks that take values from other rows, and points, on MariaDB's own tables."""

from collections import Counter

from tests.worker.mysql.working import ask, work

PLACES = """
CREATE TABLE `the pl``aces` (id int, part varchar(9), country char(2), city text, postcode varchar(9), latitude decimal(9,6), PRIMARY KEY (id, part));
INSERT INTO `the pl``aces` WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 150)
  SELECT n, 'é"', CASE n % 3 WHEN 0 THEN 'FR' WHEN 1 THEN 'es' END, IF(n % 5, CONCAT('city ', n), NULL), IF(n % 4, CONCAT('code ', n), NULL), n FROM numbers;
"""
TOGETHER = """
version: 1
tables:
  the pl`aces:
    columns:
      {id: keep, part: keep, country: keep, city: {mask: shuffle, within: country},
       postcode: {mask: shuffle, within: country, along: city}, latitude: {mask: shuffle, within: country, along: city}}
"""


def test_columns_that_belong_together_change_rows_together_in_their_group(mariadb_server):
    with mariadb_server.fresh_database(PLACES) as name:
        together = "SELECT country, city, postcode, latitude FROM `the pl``aces` ORDER BY id"
        before = ask(mariadb_server, name, together)
        assert work(mariadb_server, name, TOGETHER).passed
        after = ask(mariadb_server, name, together)
    assert Counter(after) == Counter(before)
    assert sum(one == other for one, other in zip(before, after, strict=True) if one[1] is not None) == 0
    assert [one for one in before if one[1] is None] == [one for one in after if one[1] is None]


POINTS = """
CREATE TABLE homes (id int PRIMARY KEY, near point, rough point, town point, country char(2));
INSERT INTO homes SELECT n, IF(n, POINT(4.835659, 45.764043), NULL), IF(n, POINT(4.835659, 45.764043), NULL), IF(n, POINT(n, 45), NULL), 'ES'
  FROM (SELECT 0 AS n UNION SELECT 1 UNION SELECT 2) AS numbers;
"""
MOVED = """
version: 1
tables:
  homes:
    columns:
      {id: keep, near: {mask: geo_jitter, meters: 800}, rough: {mask: geo_round, decimals: 1},
       town: {mask: geo_place, country_from: country}, country: keep}
"""


def test_points_move_are_rounded_or_become_a_town_and_nothing_stays_nothing(mariadb_server):
    with mariadb_server.fresh_database(POINTS) as name:
        assert work(mariadb_server, name, MOVED).passed
        shown = "SELECT ST_X(near), ST_Y(near), ST_X(rough), ST_Y(rough), ST_X(town), ST_Y(town) FROM homes ORDER BY id"
        nowhere, one, other = ask(mariadb_server, name, shown)
    assert nowhere == (None,) * 6
    assert one[:4] == other[:4]
    assert 0 < abs(one[0] - 4.835659) < 0.011
    assert 0 < abs(one[1] - 45.764043) < 0.008
    assert one[2:4] == (4.8, 45.8)
    assert all(-10 < row[4] < 5 and 35 < row[5] < 44 for row in (one, other))
