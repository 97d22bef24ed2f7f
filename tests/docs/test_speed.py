"""The page about speed shows what was measured."""

import json

from benchmarks.masking import FIGURES, MARIADB, PAGE, picture


def test_the_pages_tables_are_those_of_the_kept_figures() -> None:
    assert picture.written(PAGE.read_text(), json.loads(FIGURES.read_text())) == PAGE.read_text()


def test_mariadb_s_table_is_that_of_its_kept_figures() -> None:
    page = PAGE.read_text()
    told = json.loads(MARIADB.read_text())
    assert picture.written_of_mariadb(page, told) == page
    assert all(name in page for name in told["ways"])


def test_the_picture_has_a_bar_for_every_way_that_was_measured() -> None:
    told = json.loads(FIGURES.read_text())
    drawn = picture.drawn(told)
    measured = [name for name in picture.BARS if "seconds" in {**told["ways"], **told["peers"]}.get(name, {})]
    assert drawn.count("<rect") == len(measured)
    assert all(name in drawn for name in measured)
