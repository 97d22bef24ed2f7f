"""Nothing personal travels to the worker, and what travels does not grow with the rows."""

from dataclasses import replace

import pytest

from tests.mariadb import MariaDBServer
from tests.worker.listening import listening
from tests.worker.mysql.working import ask, work

TABLES = """CREATE TABLE people (
  id int PRIMARY KEY, mail varchar(90) UNIQUE, name varchar(90), phone varchar(40), salary int, note text,
  profile json);
CREATE TABLE letters (mail varchar(90), body text, FOREIGN KEY (mail) REFERENCES people (mail));
CREATE TABLE numbers (n int AUTO_INCREMENT PRIMARY KEY);
"""
FILL = (
    "INSERT INTO people SELECT n, concat('person', n, '@kundin.fr'), concat('Quentinet', n), 12000000 + n, n,"
    " concat('Quentinet', n, ' wrote from person', n, '@kundin.fr'),"
    " json_object('mail', concat('person', n, '@kundin.fr')) FROM numbers",
    "INSERT INTO letters SELECT mail, concat('to ', name) FROM people",
)
POLICY = """
version: 1
tables:
  people:
    columns:
      id: keep
      mail: {mask: email, case: exact}
      name: full_name
      phone: phone
      salary: shuffle
      note: {mask: redact, names_from: [name]}
      profile: {mask: json, paths: {mail: email}}
  letters: {columns: {mail: {mask: email, case: exact}, body: {mask: redact, names_from: [mail.name]}}}
  numbers: keep
"""


def heard_of(server: MariaDBServer, doublings: int) -> bytes:
    """What a server sends while rows are masked."""
    with server.fresh_database(TABLES) as name:
        ask(server, name, "INSERT INTO numbers VALUES (1)")
        for _ in range(doublings):
            ask(server, name, "INSERT INTO numbers (n) SELECT NULL FROM numbers")
        for statement in FILL:
            ask(server, name, statement)
        with listening(server.port) as heard:
            assert work(replace(server, port=heard.port), name, POLICY).passed
    return heard.everything


@pytest.mark.usefixtures("without_cleaning")
def test_no_original_travels_to_the_worker_and_not_more_with_more_rows(mariadb_server: MariaDBServer) -> None:
    few, many = heard_of(mariadb_server, 3), heard_of(mariadb_server, 9)
    assert b"people" in few  # it was heard
    for original in (b"person7", b"kundin.fr", b"Quentinet", b"1200000", b"wrote from"):
        assert original not in few + many
    assert len(many) == pytest.approx(len(few), rel=0.02)
