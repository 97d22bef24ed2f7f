# ruff: noqa: E501 - types, rules and complaints stand side by side
"""Types that are not plain: each is masked as what it is made of, or refused with what to use instead."""

import datetime
import ipaddress

import pytest

from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.engines.postgresql.definitions import settled
from services.anonymize.worker.engines.postgresql.discovery import discover
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import anonymize
from services.anonymize.worker.policy import load_policy
from services.anonymize.worker.preflight import preflight
from tests.worker.building import column, refused, schema_of, table, tell_nobody

TYPES = """
CREATE EXTENSION citext; CREATE EXTENSION hstore;
CREATE DOMAIN email_address AS citext CHECK (VALUE ~ '@');
CREATE DOMAIN short_name AS varchar(12) NOT NULL;
CREATE DOMAIN amount AS numeric(8,2) CHECK (VALUE >= 0);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TYPE place AS (city text, code text);
CREATE TABLE odd (
  id int PRIMARY KEY, mail citext, address email_address, name short_name, price amount, addresses email_address[], moods mood[],
  feeling mood, stay daterange, wait interval, paid money, flags bit(8), more varbit, net cidr, home place, prefs hstore, doc xml,
  ages int4range, codes char(4)[], seen timestamp[], card macaddr8, at time
);
INSERT INTO odd SELECT n, 'A' || n || '@b.fr', 'c' || n || '@d.fr', 'Jean ' || n, n, ARRAY['e' || n || '@f.fr', NULL]::email_address[],
  ARRAY['sad', 'glad']::mood[], 'sad', daterange('2020-01-01', '2020-01-09'), '3 days', 9.5, B'10101010', B'101', '10.0.0.0/8',
  ROW('Lyon', '69003')::place, 'mail=>x@y.fr, theme=>dark', NULL, '[20,30)', ARRAY['ab12']::char(4)[], ARRAY[timestamp '2020-05-05 10:00'],
  '08:00:2b:01:02:03:04:05', '10:00' FROM generate_series(1, 50) n;
"""
RULES = {
    "id": "scramble", "mail": "email", "address": "{mask: email, domain: x.example}", "name": "first_name", "price": "{mask: noise, percent: 20}",
    "addresses": "{mask: array, of: {mask: email, domain: x.example}}", "moods": "{mask: array, of: choice}", "feeling": "choice",
    "stay": "shuffle", "wait": '{mask: constant, value: "1 day"}', "paid": '{mask: constant, value: "1.00"}', "flags": "sample",
    "more": "null", "net": '{mask: constant, value: "10.1.0.0/16"}', "home": "{mask: expression, sql: \"ROW('Paris', left((home).code, 2))\"}",
    "prefs": "redact", "doc": "null", "ages": "shuffle", "codes": "{mask: array, of: scramble}",
    "seen": "{mask: array, of: {mask: date_truncate, to: year}}", "card": "null", "at": '{mask: constant, value: "12:00"}',
}  # fmt: skip


def policy_of(rules: dict[str, str]) -> str:
    return "\n".join(
        [
            "version: 1",
            "tables:",
            "  odd:",
            "    columns:",
            *(f"      {name}: {rule}" for name, rule in rules.items()),
        ]
    )


@pytest.fixture
def odd(server, database):
    with server.connect(database) as connection:
        connection.execute(TYPES)
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        yield opened


REFUSED = {
    "stay": (
        "{mask: date_shift, days: 9}",
        "daterange: date_shift masks date, timestamp only; use null, constant, shuffle, sample or expression",
    ),
    "wait": (
        "{mask: noise, percent: 5}",
        "interval: noise masks number only; use null, constant, shuffle, sample or expression",
    ),
    "paid": (
        "{mask: round, to: 5}",
        "money: round masks number only; use null, constant, shuffle, sample or expression",
    ),
    "flags": (
        "scramble",
        "bit(8): scramble masks number, text only; use null, constant, shuffle, sample or expression",
    ),
    "net": ("ip", "cidr: ip masks inet, text only; use null, constant, shuffle, sample or expression"),
    "home": ("city", "public.place: city masks text only; use null, constant, shuffle, sample or expression"),
    "doc": ("lorem", "xml: lorem masks text only; use null, constant, shuffle, sample or expression"),
    "prefs": (
        "email",
        "public.hstore: email masks text only; use null, constant, shuffle, sample or expression",
    ),
    "moods": ("choice", "public.mood[]: choice masks boolean, enum, number, text only"),
    "name": ("email", "public.short_name cannot hold an e-mail (needs 29)"),
    "codes": ("{mask: array, of: hash}", "char(4) cannot hold a hash wide enough (needs 16)"),
}


def test_each_is_masked_as_what_it_is_made_of_or_refused(server, database, odd):
    with odd.begin() as connection:
        schema = discover(connection)
    wrong = policy_of(RULES | {name: rule for name, (rule, _) in REFUSED.items()})
    said = dict(line.split(": odd.", 1)[1].split(": ", 1) for line in refused(wrong, schema))
    assert said == {name: complaint for name, (_, complaint) in REFUSED.items()}
    outcome = anonymize(odd, load_policy(policy_of(RULES), "policy.yaml"), {}, 2, tell_nobody)
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []
    shown = (
        "SELECT addresses[1] LIKE '%@x.example' AND addresses[2] IS NULL, moods <@ enum_range(NULL::mood), net, home, prefs -> 'mail',"
        " prefs -> 'theme', codes[1] ~ '^[a-z]{2}[0-9]{2}$', seen, wait::text, paid::text, doc, card FROM odd WHERE stay IS NOT NULL LIMIT 1"
    )
    with server.connect(database) as connection:
        row = connection.execute(shown.encode()).fetchone()
    assert row == (
        True, True, ipaddress.ip_network("10.1.0.0/16"), "(Paris,69)", "[email]", "dark", True, [datetime.datetime(2020, 1, 1)],
        "1 day", "$1.00", None, None,
    )  # fmt: skip


def test_a_constant_that_a_type_cannot_read_stops_the_run_before_it_writes(odd):
    wrong = RULES | {"wait": "{mask: constant, value: soon}", "net": '{mask: constant, value: "10.1.0.1/16"}'}
    with pytest.raises(MaskingError) as stopped:
        anonymize(odd, load_policy(policy_of(wrong), "policy.yaml"), {}, 2, tell_nobody)
    assert [line.split(" ", 1)[1] for line in str(stopped.value).splitlines()] == [
        "odd.wait: interval cannot hold the constant soon",
        "odd.net: cidr cannot hold the constant 10.1.0.1/16",
    ]


HELD = """
CREATE DOMAIN code AS varchar(12) CHECK (VALUE ~ '^[A-Z]+$');
CREATE TABLE held (id int PRIMARY KEY, code code, price numeric(4,1), kind text CHECK (kind IN ('x', 'y')), note text NOT NULL, low int, high int,
  shout text GENERATED ALWAYS AS (upper(note)) STORED, old text CHECK (length(old) > 1), CHECK (low < high), CHECK (length(shout) < 9));
INSERT INTO held VALUES (1, 'ABC', 1.5, 'x', 'one', 1, 2, DEFAULT, 'aa'), (2, NULL, NULL, NULL, 'two', NULL, NULL, DEFAULT, NULL);
ALTER TABLE held ADD CONSTRAINT since CHECK (old <> 'aa') NOT VALID;
"""
ALL_KEPT = dict.fromkeys(("id", "code", "price", "kind", "note", "low", "high", "old"), "keep")


def held(server, database: str, rules: dict[str, str], before: str = "") -> None:
    text = policy_of(ALL_KEPT | rules).replace("  odd:", "  held:").replace("tables:", f"{before}\ntables:")
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        outcome = anonymize(opened, load_policy(text, "policy.yaml"), {}, 2, tell_nobody)
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []


NOT_HELD = [
    (
        {"code": "first_name", "price": "{mask: constant, value: 12345}", "kind": "lorem", "note": "{mask: expression, sql: 'nullif(note, note)'}"},
        [
            'policy.yaml:7:13: held.code: first_name makes what the column cannot hold: value for domain code violates check constraint "code_check" (SQLSTATE 23514)',
            "policy.yaml:8:14: held.price: numeric(4,1) cannot hold the constant 12345",
            'policy.yaml:9:13: held.kind: lorem makes what the column cannot hold: new row for relation "held" violates check constraint "held_kind_check" (SQLSTATE 23514)',
            'policy.yaml:10:13: held.note: expression makes what the column cannot hold: null value in column "note" of relation "held" violates not-null constraint (SQLSTATE 23502)',
        ],
    ),
    (
        {"low": "{mask: constant, value: 8}", "high": "{mask: constant, value: 7}"},
        ['policy.yaml:11:12: held.low: constant makes what the column cannot hold: new row for relation "held" violates check constraint "held_check" (SQLSTATE 23514)'],
    ),
    (
        {"note": "hash"},
        ['policy.yaml:10:13: held.note: hash makes what the column cannot hold: new row for relation "held" violates check constraint "held_shout_check" (SQLSTATE 23514)'],
    ),
    (
        {"price": "{mask: expression, sql: count(*)}"},
        ["policy.yaml:8:14: held.price: expression: PostgreSQL refuses it for numeric(4,1): aggregate functions are not allowed in WHERE (SQLSTATE 42803)"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "said"), NOT_HELD)
def test_what_a_table_cannot_hold_is_said_of_each_rule_before_anything_is_written(
    server, database, rules, said
):
    with server.connect(database) as connection:
        connection.execute(HELD)
    with pytest.raises(MaskingError) as stopped:
        held(server, database, rules)
    assert str(stopped.value).splitlines() == said
    with server.connect(database) as connection:
        assert connection.execute("SELECT note FROM held ORDER BY id").fetchall() == [("one",), ("two",)]
        left = "SELECT relname FROM pg_class WHERE relname LIKE 'fitting%'"
        assert connection.execute(left).fetchall() == []


def test_what_a_step_before_the_rules_mends_and_what_is_not_validated_stop_nothing(server, database):
    with server.connect(database) as connection:
        connection.execute(HELD)
    before = "before: [{sql: ALTER TABLE held DROP CONSTRAINT held_kind_check}]"
    held(server, database, {"kind": "lorem", "code": "scramble"}, before)


def test_what_stands_inside_a_document_or_an_array_is_tried_too(server, database):
    with server.connect(database) as connection:
        connection.execute("CREATE TABLE e (d jsonb, a text[], n int[], m int[], i inet[])")
    policy = """
version: 1
tables:
  e:
    columns:
      d: {mask: json, paths: {x: {mask: redact, patterns: ['y*']}}}
      a: {mask: array, of: {mask: redact, patterns: ['q*']}}
      n: {mask: array, of: {mask: expression, sql: value + 1}}
      m: {mask: array, of: {mask: expression, sql: sum(value)}}
      i: {mask: array, of: {mask: constant, value: here}}
"""
    said = [problem.message for problem in preflight(policy, "policy.yaml", server.url(database))]
    assert said == [
        "e.d: x: y* is no regular expression of PostgreSQL that needs at least one character",
        "e.a: q* is no regular expression of PostgreSQL that needs at least one character",
        "e.m: expression: PostgreSQL refuses it for integer: aggregate functions are not allowed in WHERE (SQLSTATE 42803)",
        "e.i: inet cannot hold the constant here",
    ]


def test_documents_that_cannot_be_looked_through_are_named(server, database):
    with server.connect(database) as connection:
        connection.execute("CREATE TABLE e (id int PRIMARY KEY, d json)")
        connection.execute("""INSERT INTO e SELECT n, '{"m": 1}' FROM generate_series(1, 300) n""")
        connection.execute("""INSERT INTO e VALUES (999, '{"m": "\\u0000"}')""")  # which jsonb does not hold
    policy = "version: 1\ntables: {e: {columns: {id: keep, d: {mask: json, paths: {m: hash}}}}}"
    with (
        Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened,
        pytest.raises(
            MaskingError, match=r"^policy\.yaml:2:37: e\.d cannot be looked through .*SQLSTATE 22P05"
        ),
    ):
        anonymize(opened, load_policy(policy, "policy.yaml"), {}, 2, tell_nobody)


def test_a_constant_that_a_domain_or_a_number_cannot_hold_is_known_without_a_row(server, database):
    with server.connect(database) as connection:
        connection.execute(
            "CREATE DOMAIN age AS int CHECK (VALUE < 150); CREATE TABLE e (a age, n smallint, b bool)"
        )
    policy = "version: 1\ntables: {e: {columns: {a: {mask: constant, value: 200}, n: {mask: constant, value: 70000}, b: keep}}}"
    said = [problem.message for problem in preflight(policy, "policy.yaml", server.url(database))]
    assert said == [
        'e.a: public.age cannot hold the constant 200: value for domain age violates check constraint "age_check" (SQLSTATE 23514)',
        "e.n: smallint cannot hold the constant 70000",
    ]
    flags = table("t", column("b", "boolean"))
    assert refused(
        "version: 1\ntables: {t: {columns: {b: {mask: constant, value: maybe}}}}", schema_of(flags)
    ) == ["policy.yaml:2: t.b: boolean cannot hold the constant maybe; it holds true and false"]


LISTED = """
CREATE TABLE listed (id int PRIMARY KEY, state varchar(20) CHECK (state IN ('new', 'it''s, (old]')), other varchar(20),
  open text GENERATED ALWAYS AS (CASE WHEN state NOT IN ('new', other) THEN 'no' ELSE 'yes' END) STORED);
CREATE INDEX news ON listed (id) WHERE state IN ('new', 'none');
CREATE VIEW fresh AS SELECT id, state FROM listed WHERE state IN ('new', 'none') OR other IN ('a', 'b')
  OR state IN (other, open, 'a');
INSERT INTO listed VALUES (1, 'new', 'a'), (2, 'it''s, (old]', NULL);
"""


def test_lists_of_a_varchar_are_told_the_same_when_the_server_says_them_in_other_words(server, database):
    with server.connect(database) as connection:
        connection.execute(LISTED)
    rules = "id: keep, state: {mask: choice, of: [new], by: id}, other: {mask: choice, of: [a, b]}"
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        policy = load_policy(f"version: 1\ntables: {{listed: {{columns: {{{rules}}}}}}}", "policy.yaml")
        outcome = anonymize(opened, policy, {}, 2, tell_nobody)
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []


@pytest.mark.parametrize(
    ("said", "settles"),
    [
        (
            "((s)::text = ANY ((ARRAY['a'::character varying, 'it''s, (b]'::character varying])::text[]))",
            "((s)::text = ANY (ARRAY[('a'::character varying)::text, ('it''s, (b]'::character varying)::text]))",
        ),
        (
            'ANY ((ARRAY[f(a, \'x\'), "b,]"])::my."ty pe"[]) x',
            'ANY (ARRAY[(f(a, \'x\'))::my."ty pe", ("b,]")::my."ty pe"]) x',
        ),
        ("(n = ANY (ARRAY[1, 2]))", "(n = ANY (ARRAY[1, 2]))"),
        ("a comment (ARRAY['", "a comment (ARRAY['"),
        ("a comment (ARRAY[(", "a comment (ARRAY[("),
    ],
)
def test_a_list_settles_with_a_cast_in_every_element(said, settles):
    assert settled(said) == settles
    assert settled(settles) == settles


CHOSEN = {
    "n integer": ("7", "7.0", "write a whole number, as 10"),
    "p numeric(8,2)": ("7.50", "7.5", "write 2 decimals, as 10.00"),
    "d date": ("2024-05-06", "6.5.2024", "write it as 2000-01-31"),
    "t timestamp without time zone": ("2024-05-06 07:08:09", "2024-05-06", "write the time, too, as 2000-01-31 00:00:00"),
    "b boolean": ("true", "yes please", "write true or false"),
    "u uuid": ("6f1d2b52-7a2b-4a0e-8c57-0d8d9a0a9f11", "6F1D2B52-7A2B-4A0E-8C57-0D8D9A0A9F11", "write small letters and hyphens"),
    "m public.mood": ("glad", "mad", "it has sad, glad"),
    "c character varying(2)": ("FR", "FRA", "it holds 2 characters"),
}  # fmt: skip


def chosen(values: list[str]) -> str:
    kept = "".join(f"      {name.split()[0]}: keep\n" for name in CHOSEN)
    rules = "".join(
        f"      note{place}: {{mask: constant, value: hidden, when: {{{name.split()[0]}: '{value}'}}}}\n"
        for place, (name, value) in enumerate(zip(CHOSEN, values, strict=True))
    )
    return f"version: 1\ntables:\n  chosen:\n    columns:\n{kept}{rules}"


def test_rows_are_chosen_by_what_the_server_writes_and_what_it_never_does_is_refused(server, database):
    notes = ", ".join(f"note{place} text DEFAULT 'seen'" for place in range(len(CHOSEN)))
    rows = ", ".join(f"'{value}'" for value, _, _ in CHOSEN.values())
    with server.connect(database) as connection:
        connection.execute("CREATE TYPE mood AS ENUM ('sad', 'glad')")
        connection.execute(f"CREATE TABLE chosen ({', '.join(CHOSEN)}, {notes})".encode())
        connection.execute(f"INSERT INTO chosen VALUES ({rows})".encode())
    wrong = preflight(chosen([value for _, value, _ in CHOSEN.values()]), "policy.yaml", server.url(database))
    assert [problem.message.partition(": when: ")[2] for problem in wrong] == [
        f"{name.split()[0]} is {name.partition(' ')[2]} and never {value}; {instead}"
        for name, (_, value, instead) in CHOSEN.items()
    ]
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        anonymize(
            opened, load_policy(chosen([value for value, _, _ in CHOSEN.values()]), "p"), {}, 2, tell_nobody
        )
    with server.connect(database) as connection:
        (row,) = connection.execute(
            f"SELECT {', '.join(f'note{n}' for n in range(len(CHOSEN)))} FROM chosen".encode()
        )
    assert set(row) == {"hidden"}


def test_types_that_cannot_be_tried_here_are_refused_by_their_words():
    columns = [
        column(name, type_)
        for name, type_ in (
            ("a", "public.geometry(Point,4326)"),
            ("b", "public.geography"),
            ("c", "pg_catalog.tsvector"),
        )
    ]
    said = refused(
        "version: 1\ntables: {t: {columns: {a: {mask: geo_jitter, meters: 5}, b: geo_place, c: redact}}}",
        schema_of(table("t", *columns)),
    )
    assert [line.split(" ", 1)[1] for line in said] == [
        "t.a: public.geometry(Point,4326): geo_jitter masks number, point only; use null, constant, shuffle, sample or expression",
        "t.b: public.geography: geo_place masks number, point only; use null, constant, shuffle, sample or expression",
        "t.c: pg_catalog.tsvector: redact masks hstore, text, xml only; use null, constant, shuffle, sample or expression",
    ]
