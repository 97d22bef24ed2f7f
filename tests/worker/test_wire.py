"""Nothing personal travels to the worker, and what travels does not grow with the rows."""

# ruff: noqa: E501 - statements are said as they are

import pytest

from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.pipeline import anonymize
from services.anonymize.worker.policy import load_policy
from tests.worker.building import tell_nobody
from tests.worker.conftest import Server
from tests.worker.killing import KEY, fill
from tests.worker.listening import listening

ROWS = """
CREATE TABLE people (id int PRIMARY KEY, mail text UNIQUE, name text, phone text, born date, salary int, note text, profile jsonb);
INSERT INTO people SELECT n, 'person' || n || '@kundin.fr', 'Quentinet' || n, '+336' || 12000000 + n, date '1970-01-01' + n, n,
  'Quentinet' || n || ' wrote from person' || n || '@kundin.fr', jsonb_build_object('mail', 'person' || n || '@kundin.fr')
  FROM generate_series(1, {count}) n;
CREATE TABLE letters (mail text REFERENCES people (mail), body text);
INSERT INTO letters SELECT mail, 'to ' || name FROM people
"""
POLICY = """
version: 1
tables:
  people:
    columns:
      id: keep
      mail: email
      name: full_name
      phone: phone
      born: {mask: date_shift, days: 30}
      salary: shuffle
      note: {mask: redact, names_from: [name]}
      profile: {mask: json, paths: {mail: email}}
  letters: {columns: {mail: email, body: {mask: redact, names_from: [mail.name]}}}
"""


def heard_of(server: Server, database: str, count: int) -> bytes:
    """What a server sends while so many rows are masked."""
    fill(server, database, "DROP TABLE IF EXISTS letters, people")
    fill(server, database, ROWS.format(count=count))
    with listening(server.port) as heard:
        url = server.url(database).replace(f":{server.port}/", f":{heard.port}/") + "?sslmode=disable"
        with Database(address_of(url), KEY.settings()) as opened:
            assert anonymize(
                opened, load_policy(POLICY, "policy.yaml"), {"policy.yaml": POLICY.encode()}, 2, tell_nobody
            ).passed
    return heard.everything


def test_no_original_travels_to_the_worker_and_not_more_with_more_rows(server: Server, database: str) -> None:
    few, many = heard_of(server, database, 20), heard_of(server, database, 400)
    assert b"people" in few  # it was heard
    for original in (b"person7", b"kundin.fr", b"Quentinet", b"+3361200", b"wrote from"):
        assert original not in few + many
    assert len(many) == pytest.approx(len(few), rel=0.02)
