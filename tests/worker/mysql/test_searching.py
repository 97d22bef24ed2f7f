# Tables read better in long lines.
# ruff: noqa: E501
"""What verification finds in MariaDB's values: e-mails, telephone numbers and IBANs by their shape, as digests."""

import hashlib
from collections.abc import Iterator

import pytest

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.codes import codes
from services.anonymize.worker.engines.findings import KINDS
from services.anonymize.worker.engines.mysql import personal, planted, searching, verification
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.discovery import discover
from services.anonymize.worker.engines.mysql.patterns import FITS
from services.anonymize.worker.engines.mysql.sql import quoted, text_literal
from services.anonymize.worker.engines.mysql.tables import make_functions
from services.anonymize.worker.engines.results import Baseline
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import DIGEST_KEY_SETTING
from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.policy import Policy, load_policy, resolve
from services.anonymize.worker.schema import Family
from tests.mariadb import ON_MYSQL, MariaDBServer
from tests.worker.building import tell_nobody
from tests.worker.mysql.working import KEY, opened

pytestmark = pytest.mark.engines

SCHEMA = """
CREATE TABLE people (id int PRIMARY KEY, mail varchar(80) CHARACTER SET latin1, phone varchar(20), bank varchar(40),
  note text, profile json, avatar blob) COMMENT 'ask anna.doe@free.fr';
INSERT INTO people VALUES
  (1, 'Anna.Doe@Free.fr', '06 12 34 56 78', 'FR76 3000 6000 0112 3456 7890 189', 'call +33612345678 or bob@free.fr',
   '{"contact": "zoe\\\\u0040free.fr", "said": "\\\\"x\\\\" C:\\\\\\\\"}', 'eve@free.fr'),
  (2, NULL, '', 'none', 'order 0612345678901234, 10.0.0.1', NULL, NULL);
CREATE TABLE keys_of (code varchar(40));
INSERT INTO keys_of VALUES ('see dan@free.fr'), ('0699887766');
CREATE PROCEDURE say() SELECT 'ann@free.fr';
"""
POLICY = """
version: 1
tables:
  people: {columns: {id: keep, mail: email, phone: phone, bank: iban, note: redact, profile: keep, avatar: keep}}
  keys_of: keep
"""


@pytest.fixture(scope="module")
def database(mariadb_server: MariaDBServer) -> Iterator[Database]:
    with mariadb_server.fresh_database(SCHEMA) as name, opened(mariadb_server, name) as opening:
        with opening.autocommit() as connection:
            execute(connection, "CREATE DATABASE snapveil_work")
        make_functions(opening, personal.searching_functions(is_mariadb=opening.is_mariadb))
        yield opening
        with opening.autocommit() as connection:
            execute(connection, "DROP DATABASE snapveil_work")


def found(
    database: Database, value: str, mask: str = "redact", wanted: int = personal.ORIGINALS, codes: str = ""
) -> set[str]:
    """The digests of a value, by their kinds."""
    part = searching.Searched("value", "value", frozenset(KINDS), mask, codes=codes)
    relation = f"(SELECT CAST({text_literal(value)} AS CHAR) AS value)"
    with database.begin() as connection:
        said = query(
            connection,
            searching.found(
                searching.Search(relation, (part,)), wanted=wanted, is_mariadb=database.is_mariadb
            ),
        )
    return {f"{kind} {digest.hex()}" for kind, digest in said}


def digests(*values: str) -> set[str]:
    key = KEY.settings()[DIGEST_KEY_SETTING]
    return {
        f"{kind} {hashlib.sha256(f'{key}:{kind}:{normal}'.encode()).hexdigest()[:32]}"
        for kind, _, normal in (value.partition(":") for value in values)
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Anna Doe <Anna.Doe@Free.fr>, bob+x@mail.example.com.", ["email:anna.doe@free.fr", "email:bob+x@mail.example.com"]),
        ("to: -x.y@free.fr;_z@free.fr (é@free.fr)", ["email:-x.y@free.fr", "email:_z@free.fr", "email:é@free.fr"]),
        ("@ a@b @@ c@d.ee@f.g", ["email:c@d.ee"]),
        ("06 12 34 56 78", ["phone:0612345678"]),
        ("ring +33 (0)6.12.34.56.78 now", ["phone:0612345678"]),
        ("0034 612 34 56 78", ["phone:612345678"]),
        ("(02) 1234567", ["phone:021234567"]),
        ("born 01/02/1990 at 10.20.30.40", []),
        ("order 1234567890", []),
        ("fr76 3000 6000 0112 3456 7890 189 thanks", ["iban:FR7630006000011234567890189"]),
        ("FR7630006000011234567890189", ["iban:FR7630006000011234567890189"]),
        ("", []),
    ],
)  # fmt: skip
def test_originals_are_found_however_they_are_written(
    database: Database, value: str, expected: list[str]
) -> None:
    assert found(database, value) == digests(*expected)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x0b", "\x85", "\u2028", " \u2029\n"])
def test_a_text_may_end_with_its_line(database: Database, end: str) -> None:
    assert found(database, "06 12 34 56 78" + end) == digests("phone:0612345678")
    assert found(database, "to a@b.fr!" + end) == digests("email:a@b.fr")


def test_a_masked_column_is_looked_at_as_a_whole(database: Database) -> None:
    assert found(database, " X1@Example.invalid ", "email", personal.SURVIVORS) == digests(
        "email:x1@example.invalid"
    )
    assert found(database, "06-12-34-56-78", "phone", personal.SURVIVORS) == digests("phone:0612345678")
    assert found(database, "es91 2100 0418 4502 0005 1332", "iban", personal.SURVIVORS) == digests(
        "iban:ES9121000418450200051332"
    )


def test_a_tax_number_is_no_telephone_number_in_a_column_of_its_own(database: Database) -> None:
    siren = codes(MASKS["siren"](), Family.TEXT)
    assert found(database, "612 345 678", "siren", personal.SURVIVORS, siren) == set()
    assert found(database, "+34 612 345 678", "siren", personal.SURVIVORS, siren) == digests(
        "phone:612345678"
    )
    assert found(database, "612 345 678", "keep", personal.SURVIVORS) == digests("phone:612345678")


@pytest.mark.parametrize(
    "word",
    ["hash", "uuid", "login", "url", "mac", "token", "card", "siret", "tva", "vat", "nif", "steuer_id"],
)
def test_a_number_that_a_mask_of_codes_left_is_found(database: Database, word: str) -> None:
    code = codes(MASKS[word](), Family.TEXT)
    for written in ("06 12 34 56 78", "+33612345678", "ring 0612345678, please"):
        assert found(database, written, word, personal.SURVIVORS, code) == digests("phone:0612345678")


def test_a_long_token_is_looked_through_whatever_it_ends_with(database: Database) -> None:
    code = codes(MASKS["token"](), Family.TEXT)
    assert found(database, "a1" * 1500 + "!", "token", personal.SURVIVORS, code) == set()
    assert found(database, "a1" * 1500 + " 0612345678", "token", personal.SURVIVORS, code) == digests(
        "phone:0612345678"
    )


def test_a_bare_number_in_a_kept_column_makes_no_original(database: Database) -> None:
    assert found(database, "0612345678", "keep") == set()
    assert found(database, "+33612345678", "keep") == digests("phone:0612345678")
    assert found(database, "0612345678", "keep", personal.SURVIVORS) == digests("phone:0612345678")


def test_a_number_that_belongs_to_nobody_is_no_original(database: Database) -> None:
    assert found(database, "06 39 98 12 34", "phone") == set()


def test_a_long_text_is_gone_through_to_its_end(database: Database) -> None:
    text = "x" * 100_000 + " a@b.fr " + "1 2 3 " * 20_000 + "c@d.fr"
    assert found(database, text) == digests("email:a@b.fr", "email:c@d.fr")


def test_what_stands_where_a_long_text_is_cut_is_found_once_and_whole(database: Database) -> None:
    finds = "😀 zoë.doe@free.fr, 06 12 34 56 78; FR7630006000011234567890189"
    expected = digests("email:zoë.doe@free.fr", "phone:0612345678", "iban:FR7630006000011234567890189")
    for before in range(FITS - len(finds) - 3, FITS + 3):
        assert found(database, "é" * (before - 1) + " " + finds + " " + "y" * FITS) == expected
        assert found(database, "a" * (before - 1) + "_" + finds) == expected


def test_a_long_text_holds_no_more_than_is_in_it(database: Database) -> None:
    for unit in ("00(1(1(", "33 61", "+1(2)(3)", "a@", "FR76 3000 A ", "_", "."):
        assert found(database, unit * FITS) == found(database, unit * (FITS // len(unit)))


def test_a_server_that_does_not_find_what_is_planted_proves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.prove_search(database)
    monkeypatch.setattr(personal, "EMAIL", "no e-mail")
    with pytest.raises(MaskingError, match="no verification would prove anything"):
        planted.prove_search(database)


def test_a_table_is_known_by_its_number_whatever_its_name(database: Database) -> None:
    names = ("a-b", "é", "日", "Ж", "p q", "x#p#y", "x", "A", "€uro", "`", "parted-é")
    with database.autocommit() as connection:
        for name in names:
            parted = " PARTITION BY HASH (i) PARTITIONS 3" if name.startswith("parted") else ""
            execute(connection, f"CREATE TABLE {quoted(name)} (i int){parted}")
        tables = [table for table in discover(connection).tables if table.name in names]
        assert len(tables) == len(names)
        before = verification._files(connection, database, tables)
        for table in tables:
            assert verification._files(connection, database, tables) == before
            execute(connection, f"ALTER TABLE {quoted(table.name)} ENGINE=InnoDB, FORCE")
            after = verification._files(connection, database, tables)
            assert {oid for oid in before if before[oid] != after[oid]} == {table.oid}
            before = after
        for name in names:
            execute(connection, f"DROP TABLE {quoted(name)}")


def policy_for(database: Database) -> tuple[Policy, Baseline]:
    with database.begin() as connection:
        schema = discover(connection)
    policy = resolve(load_policy(POLICY, "policy.yaml"), schema)
    originals = verification.remember_originals(database, policy, schema, 2)
    return policy, verification.take_baseline(database, schema, originals, 2)


def test_verification_names_every_place_that_still_holds_an_original(database: Database) -> None:
    policy, before = policy_for(database)
    # people's e-mails, also one that JSON escapes and one in a kept column; bytes and bare numbers there are none
    assert before.originals == {"email": 4, "phone": 1, "iban": 1}
    assert verification.originals_there(database, before.originals)
    with database.begin() as connection:
        schema = discover(connection)
    findings = {
        finding.name: finding
        for finding in verification.verify(database, policy, schema, Plan(()), before, 2, tell_nobody)
    }
    emails = findings["no original e-mail"].detail
    for said in (
        "people.mail (1)",
        "people.note (1)",
        "people.profile (1)",
        "keys_of.code (1)",
        "table people (1)",
    ):
        assert said in emails
    assert "routine" not in emails  # nobody of the data has that address
    assert "people.phone (1), people.note (1)" in findings["no original telephone number"].detail or (
        "people.note (1), people.phone (1)" in findings["no original telephone number"].detail
    )
    assert "people.bank (1)" in findings["no original IBAN"].detail
    assert not findings["reserved domains"].passed
    assert "people.mail (1)" in findings["reserved domains"].detail
    assert findings["row counts"].passed
    assert findings["schema"].passed


WORDS = {  # a statement that quotes an original, and what is named
    "CREATE TABLE w (a enum('anna.doe@free.fr'))": "column w.a",
    "CREATE TABLE x (a varchar(40) DEFAULT 'anna.doe@free.fr')": "column x.a",
    "CREATE TABLE y (a int, KEY k (a) COMMENT 'anna.doe@free.fr')": "index y.k",
    "CREATE TABLE z (a varchar(40), CONSTRAINT chk CHECK (a <> 'anna.doe@free.fr'))": "check chk",
    "CREATE TABLE parted (a varchar(40)) PARTITION BY LIST COLUMNS (a)"
    " (PARTITION p VALUES IN ('anna.doe@free.fr'))": "partition parted.p",
    "CREATE VIEW v AS SELECT 'anna.doe@free.fr' AS a": "view v",
    "CREATE FUNCTION f() RETURNS int DETERMINISTIC COMMENT 'anna.doe@free.fr' RETURN 1": "routine f",
    "CREATE FUNCTION g(a enum('anna.doe@free.fr')) RETURNS int DETERMINISTIC RETURN 1": "routine g",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 'anna.doe@free.fr'": "event e",
    "CREATE TRIGGER t BEFORE INSERT ON keys_of FOR EACH ROW SET NEW.code = 'anna.doe@free.fr'": "trigger t",
}


def test_the_schemas_own_words_are_searched(database: Database) -> None:
    policy_for(database)
    words = dict(WORDS)
    if not ON_MYSQL:
        name = database.address.database
        words[f"ALTER DATABASE {name} COMMENT 'anna.doe@free.fr'"] = f"database {name}"
        words["CREATE SEQUENCE s COMMENT 'anna.doe@free.fr'"] = "table s"
    with database.autocommit() as connection:
        for statement in words:
            execute(connection, statement)
        said = {
            str(label)
            for search in searching.schema_searches(is_mariadb=database.is_mariadb)
            for _, label, _ in query(
                connection, searching.survivors_query(search, is_mariadb=database.is_mariadb)
            )
        }
        assert said == {"table people", *words.values()}
        execute(connection, "DROP TABLE w, x, y, z, parted")
        for made in ("VIEW v", "FUNCTION f", "FUNCTION g", "EVENT e", "TRIGGER t"):
            execute(connection, f"DROP {made}")
        if not ON_MYSQL:
            execute(connection, f"ALTER DATABASE {name} COMMENT ''")
            execute(connection, "DROP SEQUENCE s")


def test_missing_digests_prove_nothing(database: Database) -> None:
    policy, before = policy_for(database)
    with database.begin() as connection:
        schema = discover(connection)
        execute(connection, "DELETE FROM snapveil_work.originals LIMIT 1")
    finding = verification.verify(database, policy, schema, Plan(()), before, 2, tell_nobody)[0]
    assert (finding.name, finding.passed) == ("originals", False)
