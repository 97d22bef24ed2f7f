"""The masks' properties on MariaDB: the same tests as on PostgreSQL, in one session of a server."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.anonymize.worker.engines.mysql import values
from services.anonymize.worker.engines.mysql.functions import names
from services.anonymize.worker.engines.mysql.patterns import FITS
from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.numbering import COUNTRIES
from services.anonymize.worker.schema import Column, ForeignKey, Schema, Table, Unique
from tests.mariadb import ON_MYSQL, MariaDBServer
from tests.worker import (
    test_masks,
    test_masks_everywhere,
    test_masks_identifiers,
    test_masks_numbers,
    test_masks_ranges,
    test_masks_texts,
    test_masks_web,
)
from tests.worker.building import column as column_of
from tests.worker.masking import context
from tests.worker.mysql.masking import MaskSession, prepared

# What speaks of types that MySQL has not, or to PostgreSQL itself.
ELSEWHERE = {
    "test_addresses_stay_in_ranges_that_route_nowhere",
    "test_uuids_stay_valid_and_different",
    "test_without_the_runs_key_nothing_can_be_computed",
    "test_a_permutation_of_a_small_space_is_one",
    "test_a_permutation_that_is_looked_up_is_the_same",
    "test_what_is_told_from_a_numbers_length_is_what_the_pattern_says",
    "test_places_move_by_at_most_so_many_metres_each_way",
    "test_rounded_places_keep_their_decimals",
    "test_what_lies_between_reaches_both_bounds_and_repeats",
    "test_what_patterns_match_is_redacted_in_hstore_too",
    "test_what_is_redacted_in_xml_leaves_names_of_elements_and_namespaces",
    "test_labels_of_enums_are_chosen_and_checked",
    "test_elements_are_masked_one_by_one_in_their_order",
    "test_arrays_of_dates_and_empty_and_missing_ones",
    "test_mac_addresses_are_of_no_maker_and_written_alike",
    "test_uuids_are_random_ones_and_the_same_in_text",
    "test_addresses_stay_of_their_family_and_are_the_same_in_text",
    "test_mac_addresses_stay_cards_or_groups_and_are_the_same_in_text",
    "test_parameters_that_say_nothing_beside_a_whole_range_are_refused",
    "test_one_kind_of_value_comes_from_one_range_in_a_whole_database",
    "test_unique_columns_keep_joins_and_verification_tells_a_fake_from_an_original",
    "test_a_column_that_stays_as_it_was_still_fails_beside_a_whole_range",
}

for shared in (
    test_masks,
    test_masks_everywhere,
    test_masks_identifiers,
    test_masks_numbers,
    test_masks_ranges,
    test_masks_texts,
    test_masks_web,
):
    tests = {name: test for name, test in vars(shared).items() if name.startswith("test_")}
    globals().update({name: test for name, test in tests.items() if name not in ELSEWHERE})


@pytest.fixture(scope="module")
def mask_session(mariadb_server: MariaDBServer) -> Iterator[MaskSession]:
    with mariadb_server.fresh_database() as name, mariadb_server.connect(name) as connection:
        yield prepared(connection)
        connection.cursor().execute("DROP DATABASE snapveil_work")


def text(name: str = "value", charset: str = "utf8mb4", length: int | None = None) -> Column:
    return Column(name, "longtext", "longtext", charset=charset, length=length)


def asked(session: MaskSession, query: str) -> list[tuple]:
    session.cursor.execute(query)
    return list(session.cursor.fetchall())


def test_every_function_that_masks_call_has_a_translation(mask_session):
    for name in names():
        mask_session.make_functions(f"snapveil_work.{name}(")


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_number_has_one_fake_by_expression_and_by_function(mask_session, country):
    """The expression takes what is usually written, and a number that it leaves must not get another fake."""
    code, trunk = COUNTRIES[country].calling_code, COUNTRIES[country].trunk
    numbers = [
        f"{start}{first}{rest}"
        for start in (trunk, f"+{code}", f"+{code} ", f"00{code}")
        for first in "123456789"
        for rest in ("12345678", "1 23 45 67", "123-45-678")
    ]
    others = [("keep", 16), ("e164", 20), ("national", 20)] if country in {"FR", "IT", "PL"} else []
    for form, room in (("keep", 20), *others):
        mask = MASKS["phone"](country=country, form=form)
        quick = values.masked_value(text(length=room), mask, context())
        called = f"snapveil_work.fake_phone(value COLLATE utf8mb4_bin, '{country}', '{form}', {room})"
        mask_session.make_functions(quick)
        rows = " UNION ALL ".join(f"SELECT '{number}' AS value" for number in numbers)
        different = f"SELECT value FROM ({rows}) AS r WHERE {quick} <> {called}"
        assert asked(mask_session, different) == []


def test_an_iban_has_one_fake_by_expression_and_by_function(mask_session):
    bans = [
        "FR7630006000011234567890189", "MC5811222000010123456789030", "DE89370400440532013000",
        "NL91ABNA0417164300", "GB29NWBK60161331926819", "LU280019400644750000", "CH9300762011623852957",
        "AT611904300234573201", "IE29AIBK93115212345678", "FR763000600001123456789018",
        "ES9121000418450200051332", *(f"ES{number:022}" for number in range(10**21, 10**22, 10**20)),
    ]  # fmt: skip
    spaced = [" ".join(ban[start : start + 4] for start in range(0, len(ban), 4)) for ban in bans]
    rows = " UNION ALL ".join(f"SELECT '{ban}' AS value" for ban in bans + spaced)
    for room in (27, 30, 40):
        quick = values.masked_value(text(length=room), MASKS["iban"](), context())
        called = f"snapveil_work.fake_iban(value COLLATE utf8mb4_bin, 'FR', {room})"
        mask_session.make_functions(quick)
        assert asked(mask_session, f"SELECT value FROM ({rows}) AS r WHERE {quick} <> {called}") == []


def test_a_spanish_tax_number_has_one_fake_by_expression_and_by_function(mask_session):
    control = "TRWAGMYFPDXBNJZSQVHLCKE"
    numbers = [number * 1_234_577 % 10**8 for number in range(400)]
    codes = [f"{number:08}{control[number % 23]}" for number in [*numbers, 99_999_999]]
    others = ["12345678-Z", "12345678A", "X5253868R", "K1234567L", "B58378431", "12345678z"]
    rows = " UNION ALL ".join(f"SELECT '{code}' AS value" for code in codes + others)
    quick = values.masked_value(text(length=16), MASKS["nif"](), context())
    called = "snapveil_work.fake_nif(value COLLATE utf8mb4_bin, '')"
    mask_session.make_functions(quick)
    assert asked(mask_session, f"SELECT value FROM ({rows}) AS r WHERE {quick} <> {called}") == []
    made = f"SELECT COUNT(DISTINCT {quick}) FROM ({rows}) AS r"
    assert asked(mask_session, made) == [(len(codes + others),)]


def test_a_long_text_is_redacted_as_short_ones_are(mask_session):
    line = (
        "😀 ring +33 6 12 34 56 78 or anna@free.fr, see https://free.fr/é and FR7630006000011234567890189;\n"
    )
    long = line * (2 * FITS // len(line)) + "x" * 5 * FITS + "!\n" + line
    said = "😀 ring [phone] or [email], see [url] and [iban];\n"
    mask = MASKS["redact"]()
    (made,) = mask_session.apply_mask(mask, column_of("v"), [long], {})
    assert made == said * (2 * FITS // len(line)) + "x" * 5 * FITS + "!\n" + said
    named = MASKS["redact"](names_from=("who",))
    values_ = [long.replace("ring", "Zoé"), long]
    made = mask_session.apply_mask(named, column_of("v"), values_, {"who": ["zoé", "nobody"]})
    assert "zoé" not in made[0].lower()
    assert made[0].replace("[name]", "ring") == made[1]


def test_a_long_word_without_an_address_is_no_burden(mask_session):
    words = [letter * (FITS - 1) for letter in "xé3_.+-"]
    assert mask_session.apply_mask(MASKS["redact"](), column_of("v"), words, {}) == words


@pytest.mark.parametrize(
    ("type_", "base"),
    [("tinyint unsigned", "tinyint"), ("bigint unsigned", "bigint"), ("decimal(6,2) unsigned", "decimal"),
     ("double unsigned", "double")],
)  # fmt: skip
def test_numbers_without_a_sign_stay_at_or_above_zero(mask_session, monkeypatch, type_, base):
    part = Column("v", type_, base)
    monkeypatch.setattr("tests.worker.mysql.masking.mysql_column", lambda _: part)
    row = {"who": [str(n) for n in range(40)]}
    for mask in (
        MASKS["number_shift"](amount=100, by="who"),
        MASKS["noise"](amount=100, by="who"),
        MASKS["bucket"](size=7),
        MASKS["age_band"](),
    ):
        fakes = mask_session.apply_mask(mask, part, ["3"] * 40, row)
        assert min(fakes) >= 0
    assert list(MASKS["between"](low=-1, high=9).complaints(part)) == [f"{type_} cannot hold -1"]
    assert list(MASKS["between"](low=0, high=9).complaints(part)) == []


@pytest.mark.parametrize("charset", ["latin1", "ascii", "utf8mb3", "utf8mb4", "ucs2"])
def test_equal_values_of_other_character_sets_meet(mask_session, charset):
    mask = MASKS["email"]()
    here = values.masked_value(text(), mask, context())
    there = values.masked_value(text(charset=charset), mask, context())
    mask_session.cursor.execute("DROP TEMPORARY TABLE IF EXISTS sets")
    mask_session.cursor.execute(
        f"CREATE TEMPORARY TABLE sets AS SELECT CONVERT('Jo@x.fr' USING {charset}) AS value"
    )
    (row,) = asked(mask_session, f"SELECT {there} FROM sets")
    (other,) = asked(mask_session, f"SELECT {here} FROM (SELECT 'jo@X.fr' AS value) AS r")
    assert row == other


def test_words_are_such_as_the_column_can_hold(mask_session):
    made = values.masked_value(text(charset="ascii"), MASKS["first_name"](), context())
    rows = " UNION ALL ".join(f"SELECT _ascii'n{number}' AS value" for number in range(400))
    names_ = [name for (name,) in asked(mask_session, f"SELECT {made} FROM ({rows}) AS r")]
    assert all(name.isascii() and "?" not in name for name in names_)
    assert len(set(names_)) > 150


def test_names_behind_keys_that_differ_in_a_space_or_in_case_are_redacted(mask_session):
    (database,) = asked(mask_session, "SELECT DATABASE()")[0]
    collated = "utf8mb4_0900_ai_ci" if ON_MYSQL else "utf8mb4_general_nopad_ci"
    key = f"VARCHAR(9) COLLATE {collated}"
    for name, columns in (
        ("who", f"code {key} PRIMARY KEY, name TEXT"),
        ("notes", f"code {key}, value TEXT"),
    ):
        mask_session.cursor.execute(f"DROP TABLE IF EXISTS {name}")
        mask_session.cursor.execute(f"CREATE TABLE {name} ({columns}) CHARACTER SET utf8mb4")
    mask_session.cursor.execute("INSERT INTO who VALUES ('a', 'Zoé'), ('a ', 'Bob')")
    mask_session.cursor.execute(
        "INSERT INTO notes VALUES ('a', 'Zoé and Bob'), ('a ', 'Zoé and Bob'), ('A', 'Zoé or Bob')"
    )
    code = Column("code", "varchar(9)", "varchar", charset="utf8mb4")
    who = Table(2, "public", "who", (code, text("name")), uniques=(Unique("PRIMARY", ("code",)),))
    to_who = ForeignKey("notes_code", 1, ("code",), 2, ("code",), "")
    notes = Table(1, "public", "notes", (code, text()))
    mask = MASKS["redact"](names_from=("code.name",))
    around = replace(context(), document_function="names")
    for statement in values.lookups(
        mask, notes, text(), Schema(database, (who, notes), foreign_keys=(to_who,)), around
    ):
        mask_session.cursor.execute(statement)
    made = values.masked_value(text(), mask, around)
    mask_session.make_functions(made)
    masked = sorted(asked(mask_session, f"SELECT {made} FROM notes"))
    assert masked == [("Zoé and [name]",), ("[name] and Bob",), ("[name] or Bob",)]


@pytest.mark.skipif(not ON_MYSQL, reason="MariaDB's documents have no dates")
def test_a_documents_date_is_a_value_as_any_other(mask_session):
    mask_session.cursor.execute("DROP TABLE IF EXISTS documents")
    mask_session.cursor.execute(
        "CREATE TABLE documents AS SELECT JSON_OBJECT('at', TIMESTAMP'2020-01-02 03:04:05', 'n', NULL)"
        " AS value"
    )
    (database,) = asked(mask_session, "SELECT DATABASE()")[0]
    column = Column("value", "json", "json")
    mask = MASKS["json"](paths={"at": MASKS["hash"](), "n": MASKS["hash"]()}, others="fail")
    unknown = values.unknown_query(
        mask, Table(1, "public", "documents", (column,)), column, Schema(database, ())
    )
    assert asked(mask_session, unknown) == []
    ((made,),) = asked(mask_session, f"SELECT {values.masked_value(column, mask, context())} FROM documents")
    assert "2020" not in made
    assert '"n": null' in made


@pytest.mark.parametrize("word", ["shuffle", "sample"])
def test_rows_take_the_values_of_other_rows(mask_session, word):
    (database,) = asked(mask_session, "SELECT DATABASE()")[0]
    key = (
        Column("id", "int", "int", not_null=True),
        Column("place", "varchar(9)", "varchar", not_null=True),
    )
    table = Table(1, "public", "people", (*key, text()), uniques=(Unique("PRIMARY", ("id", "place")),))
    mask_session.cursor.execute("DROP TABLE IF EXISTS people")
    mask_session.cursor.execute(
        "CREATE TABLE people (id INT, place VARCHAR(9), value TEXT, PRIMARY KEY (id, place)) AS"
        " WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 500)"
        " SELECT n AS id, 'é' AS place, IF(n % 7 = 0, NULL, CONCAT('v', n % 50)) AS value FROM numbers"
    )
    around = replace(context(), row_key=table.row_key, document_function=f"rows_{word}")
    for statement in values.lookups(MASKS[word](), table, text(), Schema(database, (table,)), around):
        mask_session.cursor.execute(statement)
    made = values.masked_value(text(), MASKS[word](), around)
    rows = asked(mask_session, f"SELECT value, {made} FROM people")
    assert all((old is None) == (new is None) for old, new in rows)
    old, new = (sorted(one[n] for one in rows if one[n] is not None) for n in (0, 1))
    assert old == new if word == "shuffle" else set(new) <= set(old)
    assert sum(one == other for one, other in rows if one is not None) < 60
