"""`snapveil policy preview`: rows of a database before and after, and nothing left behind."""

# ruff: noqa: E501 - what commands say is said as it is

from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Server

SHOP = """
CREATE TABLE people (id bigint PRIMARY KEY, email text UNIQUE, phone text, profile jsonb, city text, since date);
INSERT INTO people VALUES (1, 'jean@free.fr', '+33 6 12 34 56 78', '{"mails": [{"mail": "jean@free.fr"}]}', 'Lyon', '2020-01-31'),
    (2, 'zoe@free.fr', NULL, NULL, 'Nice', '2021-01-31'), (3, NULL, NULL, NULL, 'Nice', NULL);
CREATE TABLE open (x text);
"""
PEOPLE = """\
version: 1
tables:
  people:
    columns:
      id: keep
      email: email
      phone: phone
      profile: {mask: json, paths: {"mails[].mail": email}, others: drop}
      city: shuffle
      since: {mask: date_shift, days: 30}
"""


@pytest.mark.engines
def test_a_preview_shows_rows_before_and_after_and_leaves_nothing(policy, server: Server):
    url = server.create("previewed", SHOP)
    Path("policy.yaml").write_text(PEOPLE)

    def relations() -> object:
        with psycopg.connect(url) as connection:
            names = "SELECT nspname FROM pg_namespace UNION ALL SELECT relname FROM pg_class UNION ALL SELECT proname FROM pg_proc"
            rows = "SELECT md5(string_agg(p::text, '' ORDER BY id)) FROM people p"
            return sorted(connection.execute(names).fetchall()), connection.execute(rows).fetchall()

    before = relations()
    first = policy("preview", "people", url, "--format", "json")
    assert first.code == 0, first.err
    rows = first.json["rows"]
    assert [row["email"]["before"] for row in rows] == ["jean@free.fr", "zoe@free.fr", None]
    assert rows[0]["email"]["after"].endswith("@example.invalid")
    assert rows[0]["email"]["after"] in rows[0]["profile"]["after"]
    assert rows[2]["email"]["after"] is None
    assert "id" not in rows[0]
    assert policy("preview", "people", url, "--format", "json").out == first.out
    assert relations() == before
    text = policy("preview", "people", url, "--rows", "1", "--columns", "phone,id").out.splitlines()
    assert text[0] == "row 1"
    assert [line.split()[0] for line in text[1:]] == ["phone", "id"]
    assert text[2] == "  id     1                  →  1"
    for arguments, said in (
        (["nope", url], "nope: no such table"),
        (["open", url], "open: the policy does not name it"),
        (["people", url, "--columns", "emial"], "people.emial: no such column (did you mean email?)"),
    ):
        assert said in policy("preview", *arguments).err
    with psycopg.connect(server.admin_dsn, dbname="previewed", autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT SELECT ON people TO reader")
    reader = url.replace("owner:" + server.password, "reader:r")
    assert "a preview needs GRANT CREATE ON DATABASE" in policy("preview", "people", reader).err
    Path("policy.yaml").write_text(PEOPLE.replace("city: shuffle", "city: phnoe"))
    assert policy("preview", "people", url).code == 2


@pytest.mark.engines
def test_a_preview_obeys_no_value_and_says_which_are_empty(policy, server: Server):
    rows = r"CREATE TABLE odd (x text); INSERT INTO odd VALUES (E'\x1b[2Jred\nline'), (''), (NULL)"
    url = server.create("odd", rows)
    Path("policy.yaml").write_text("version: 1\ntables: {odd: keep}")
    said = policy("preview", "odd", url)
    assert (said.code, said.out) == (2, "")
    assert "odd: the policy keeps it as it is; there is nothing to compare" in said.err
    shown = policy("preview", "odd", url, "--columns", "x").out.splitlines()
    assert [line for line in shown if not line.startswith("row")] == [
        "  x  �[2Jred line  →  �[2Jred line", "  x  (empty)  →  (empty)", "  x  NULL  →  NULL",
    ]  # fmt: skip
    Path("policy.yaml").write_text("version: 1\ntables: {odd: {columns: {x: ip}}, gone: keep}")
    assert policy("preview", "odd", url).code == 0  # what is wrong with another table is none of its business
    Path("policy.yaml").write_text("version: 1\ntables: {odd: {columns: {x: {mask: hash, when: {y: 1}}}}}")
    said = policy("preview", "odd", url, "--format", "json")
    assert said.code == 1
    assert "when looks at y" in said.json["problems"][0]["message"]


@pytest.mark.engines
def test_a_standby_is_refused_a_preview(policy, server: Server, monkeypatch: pytest.MonkeyPatch):
    from services.anonymize.worker.engines.postgresql import previewing

    url = server.create("standby", SHOP)
    Path("policy.yaml").write_text(PEOPLE)
    monkeypatch.setattr(previewing, "query", lambda *_: [(True,)])
    said = policy("preview", "people", url)
    assert (said.code, said.out) == (2, "")
    assert "this is a standby" in said.err
