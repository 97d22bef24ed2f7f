"""Unique columns: what is proven, what is refused before anything runs, and how keys are read from a database."""

# ruff: noqa: E501 - policies and messages are said as they are

import pytest

from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.engines.postgresql.discovery import discover
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import anonymize
from services.anonymize.worker.policy import load_policy
from services.anonymize.worker.schema import Unique
from services.anonymize.worker.uniqueness import read_unique
from tests.worker.building import column, plan, refused, schema_of, table, tell_nobody, unique

MILLION = 10**6


def codes(rule: str, type_: str = "text", rows: int = MILLION, **key: object) -> list[str]:
    """What is wrong with a rule for a unique column of a large table."""
    one = table(
        "codes", column("code", type_), column("other"), rows=rows, uniques=(unique("u", "code", **key),)
    )
    said = refused(
        f"version: 1\ntables: {{codes: {{columns: {{code: {rule}, other: keep}}}}}}", schema_of(one)
    )
    return [message.removeprefix("policy.yaml:2: codes.code: is unique by u, ") for message in said]


@pytest.mark.parametrize(
    ("rule", "type_"),
    [
        ("siren", "character varying(9)"), ("siret", "character(14)"), ("{mask: card, range: any}", "text"), ("nir", "text"),
        ("scramble", "character varying(4)"), ("scramble", "bigint"), ("email", "text"), ("uuid", "uuid"), ("hash", "text"),
        ("url", "text"), ("login", "character varying(20)"), ("{mask: token, length: 24}", "text"),
        ("{mask: vat, country: IT}", "text"), ("null", "text"), ("{mask: phone, range: any}", "character varying(10)"),
        ("{mask: iban, range: any}", "text"), ("{mask: ip, range: any}", "inet"), ("{mask: mac, range: any}", "macaddr"), ("scramble", "smallint"),
    ],
)  # fmt: skip
def test_what_is_proven_is_accepted(rule, type_):
    assert codes(rule, type_) == []


@pytest.mark.parametrize(
    ("rule", "type_", "said"),
    [
        ("card", "text", "and card may make two values equal; use range: any, hash, null or keep"),
        ("token", "text", "and token may make two values equal; use length: 32, hash, null or keep"),
        ("{mask: vat, country_from: other}", "text", "and vat may make two values equal; use hash, null or keep"),
        ("login", "character varying(10)", "and 36 bits cannot keep 1000000 rows apart; use scramble, or make the column longer"),
        ("mac", "text", "and 40 bits cannot keep 1000000 rows apart; use range: any, scramble, or make the column longer"),
        ("phone", "text", "and phone may make two values equal; use range: any, hash, null or keep"),
        ("iban", "text", "and iban may make two values equal; use range: any, hash, null or keep"),
        ("ip", "inet", "and ip may make two values equal; use range: any, shuffle, null or keep"),
        ("postcode", "text", "and postcode may make two values equal; use scramble, hash, null or keep"),
        ("{mask: date_shift, days: 9}", "date", "and date_shift may make two values equal; use shuffle, null or keep"),
        ("{mask: bucket, size: 10}", "bigint", "and bucket may make two values equal; use scramble, null or keep"),
    ],
)  # fmt: skip
def test_what_is_not_proven_is_refused(rule, type_, said):
    assert codes(rule, type_) == [said]


def test_a_key_whatever_the_case_takes_masks_whose_fakes_have_one_case():
    folded = frozenset({"code"})
    assert codes("email", folded=folded) == []
    said = "whatever the case, and {} may make two values differ in case only; use hash"
    for rule in ("scramble", "siren", "{mask: phone, range: any}"):
        assert codes(rule, folded=folded, lowered=folded) == []
        assert codes(rule, "citext") == []
        (complaint,) = codes(rule, folded=folded)  # a collation, which may ignore accents too
        assert complaint in {said.format("scramble"), said.format("siren"), said.format("phone")}


def test_what_to_write_instead_fits_the_column_and_the_key():
    loose = frozenset({"code"})
    said = (
        "whatever the case, and scramble may make two values differ in case only; use shuffle, null or keep"
    )
    assert codes("scramble", "character varying(6)", folded=loose) == [said]
    said = "and postcode may make two values equal; use scramble, shuffle, null or keep"
    assert codes("postcode", "character varying(8)") == [said]
    both = unique("u", "code", "other", folded=loose)
    one = table("t", column("code", "character varying(6)"), column("other"), rows=9, uniques=(both,))
    (complaint,) = refused(
        "version: 1\ntables: {t: {columns: {code: scramble, other: keep}}}", schema_of(one)
    )
    assert complaint.endswith("differ in case only; use null or keep")


CASELESS = """
CREATE EXTENSION citext;
CREATE TABLE t (code varchar(6), word citext PRIMARY KEY, greek text);
CREATE UNIQUE INDEX ON t (lower(code)); CREATE UNIQUE INDEX g ON t (lower(greek));
INSERT INTO t SELECT CASE WHEN n % 2 > 0 THEN 'Ab' ELSE 'aB' END || n, 'é' || chr(65 + n % 26) || n, 'Δ' || n FROM generate_series(100, 999) n;
"""


def test_short_codes_are_scrambled_under_keys_that_ignore_case_and_other_alphabets_are_told(server, database):
    with server.connect(database) as connection:
        connection.execute(CASELESS)
    policy = "version: 1\ntables:\n  t: {columns: {code: scramble, word: scramble, greek: GREEK}}"
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        with pytest.raises(MaskingError) as stopped:
            anonymize(
                opened, load_policy(policy.replace("GREEK", "scramble"), "policy.yaml"), {}, 1, tell_nobody
            )
        assert str(stopped.value).endswith(
            "t.greek: is unique by g whatever the case, and holds letters beyond Latin-1, which scramble may make differ in case only; use hash"
        )
        outcome = anonymize(
            opened, load_policy(policy.replace("GREEK", "hash"), "policy.yaml"), {}, 1, tell_nobody
        )
    assert outcome.passed


def test_a_key_through_an_expression_and_nulls_that_are_equal_are_refused():
    assert codes("hash", opaque=frozenset({"code"})) == [
        "which looks at it through an expression or a condition that hash may change; use keep"
    ]
    assert codes("null", nulls_equal=True) == ["which takes NULLs for equal; use hash or keep"]


def test_every_masked_column_of_a_composite_key_must_be_proven():
    one = table(
        "t", column("shop", "bigint"), column("name"), rows=10, uniques=(unique("u", "name", "shop"),)
    )
    assert refused("version: 1\ntables: {t: {columns: {shop: keep, name: scramble}}}", schema_of(one)) == []
    assert refused(
        "version: 1\ntables: {t: {columns: {shop: scramble, name: last_name}}}", schema_of(one)
    ) == [
        "policy.yaml:2: t.name: is unique by u, and last_name may make two values equal; use hash, null or keep"
    ]


def test_values_that_a_mask_takes_for_one_are_looked_for_unless_another_key_excludes_them():
    exact, both = unique("u", "mail"), unique("l", "mail", folded=frozenset({"mail"}))
    policy = "version: 1\ntables: {t: {columns: {mail: email}}}"
    alone = plan(policy, schema_of(table("t", column("mail"), uniques=(exact,))))
    (check,) = [one for one in alone.checks if "GROUP BY" in one.query]
    assert "GROUP BY lower(btrim(CAST(mail AS TEXT))) HAVING count(DISTINCT" in check.query
    both_ways = plan(policy, schema_of(table("t", column("mail"), uniques=(exact, both))))
    assert not any("GROUP BY" in one.query for one in both_ways.checks)


UNCOUNTED = """
CREATE TABLE t (id int PRIMARY KEY, mac text UNIQUE);
INSERT INTO t SELECT n, lpad(to_hex(n), 12, '0') FROM generate_series(1, 4000) n;
"""


def test_a_table_that_nobody_has_counted_has_as_many_rows_as_fit_it(server, database):
    policy = "version: 1\ntables: {t: {columns: {id: keep, mac: mac}}}"
    with server.connect(database) as connection:
        connection.execute("CREATE TABLE empty (id int PRIMARY KEY, mac text UNIQUE);" + UNCOUNTED)
    with Database(address_of(server.url(database))) as opened, opened.begin() as connection:
        empty, read = discover(connection).tables
        assert empty.rows == 0
        assert 4000 <= read.rows < 12_000
        assert "40 bits cannot keep" in refused(policy, schema_of(read))[0]
        connection.exec_driver_sql("ANALYZE public.t")
        assert discover(connection).tables[1].rows == 4000
        connection.exec_driver_sql(
            "INSERT INTO public.t SELECT n, lpad(n::text, 12) FROM generate_series(4001, 8000) n"
        )
        assert 7500 < discover(connection).tables[1].rows < 8500


KEYS = """
CREATE TABLE t (id bigint PRIMARY KEY, a text, b varchar(9), "C d" text, n text, active boolean, span int4range);
CREATE UNIQUE INDEX k1 ON t (a) INCLUDE (b);
CREATE UNIQUE INDEX k2 ON t (lower(b), id);
CREATE UNIQUE INDEX k3 ON t (upper("C d"));
CREATE UNIQUE INDEX k4 ON t (left(a, 3));
CREATE UNIQUE INDEX k5 ON t (n) WHERE active AND n IS NOT NULL;
CREATE UNIQUE INDEX k6 ON t (n) WHERE (n IS NOT NULL);
CREATE UNIQUE INDEX k7 ON t (n) NULLS NOT DISTINCT;
ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (span WITH &&);
"""


def test_keys_are_read_as_they_compare(server, database):
    with server.connect(database) as connection:
        connection.execute(KEYS)
    with Database(address_of(server.url(database))) as opened, opened.begin() as connection:
        (read,) = discover(connection).tables
    found = {one.name: one for one in read.uniques}
    nothing: frozenset[str] = frozenset()
    assert found["t_pkey"] == Unique("t_pkey", ("id",))
    assert found["k1"] == Unique("k1", ("a",))
    assert found["k2"] == Unique("k2", ("b", "id"), frozenset({"b"}), lowered=frozenset({"b"}))
    assert found["k3"] == Unique("k3", ("C d",), frozenset({"C d"}), lowered=frozenset({"C d"}))
    assert found["k4"] == Unique("k4", ("a",), nothing, frozenset({"a"}))
    assert found["k5"] == Unique("k5", ("active", "n"), nothing, frozenset({"active", "n"}))
    assert found["k6"] == Unique("k6", ("n",))
    assert found["k7"] == Unique("k7", ("n",), nulls_equal=True)
    assert found["x"] == Unique("x", ("span",), nothing, frozenset({"span"}))


def test_a_collation_that_ignores_case_makes_a_key_loose():
    read = read_unique("u", ["w"], [], None, loose=["w"], compared=[], nulls_equal=False)
    assert read == Unique("u", ("w",), frozenset({"w"}))


MASKED = """
version: 1
tables:
  t:
    columns: {id: scramble, siren: siren, card: {mask: card, range: any}, code: scramble, mail: email, ref: uuid}
"""


def test_every_permutation_at_once_on_real_keys(server, database):
    with server.connect(database) as connection:
        connection.execute(
            "CREATE TABLE t (id int PRIMARY KEY, siren varchar(9) UNIQUE, card text UNIQUE, code varchar(5), mail text,"
            " ref uuid UNIQUE, UNIQUE (code, mail)); CREATE UNIQUE INDEX ON t (lower(mail));"
            "INSERT INTO t SELECT n, n + 100000000, 4970101234500000 + n, 'A' || lpad(n::text, 4, '0'), 'u' || n || '@b.fr',"
            " gen_random_uuid() FROM generate_series(1, 3000) n"
        )
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        assert anonymize(opened, load_policy(MASKED, "policy.yaml"), {}, 1, tell_nobody).passed


def test_what_only_the_rows_can_tell_stops_the_run_before_it_writes(server, database):
    with server.connect(database) as connection:
        connection.execute(
            "CREATE TABLE t (mail text UNIQUE, mac text UNIQUE, note text); INSERT INTO t VALUES ('a@b.fr', '00:1B:44:11:3A:B7', 'x'),"
            " ('A@b.fr', '001b44113ab7', 'y')"
        )
    policy = "version: 1\ntables:\n  t:\n    columns:\n      mail: email\n      mac: {mask: mac, range: any}\n      note: {mask: redact, patterns: ['(']}"
    with (
        Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened,
        pytest.raises(MaskingError) as stopped,
    ):
        anonymize(opened, load_policy(policy, "policy.yaml"), {}, 1, tell_nobody)
    assert str(stopped.value).splitlines() == [
        "policy.yaml:5:13: t.mail: is unique by t_mail_key, and holds values that email takes for one; write case: exact, or use hash",
        "policy.yaml:6:12: t.mac: is unique by t_mac_key, and holds values that mac takes for one; use hash",
        "policy.yaml:7:13: t.note: ( is no regular expression of PostgreSQL that needs at least one character",
    ]
    with server.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM t WHERE mail ILIKE 'a@b.fr'").fetchone() == (2,)
