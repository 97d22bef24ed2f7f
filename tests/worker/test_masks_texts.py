"""Texts, arrays, choices and files: lengths and shapes that stay, and what must not."""

import re
import struct
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Text, literal

from services.anonymize.worker.engines.postgresql.rewriting import masked_value
from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.masks.contact import RESERVED
from services.anonymize.worker.masks.permuting import ACCENTED, ACCENTED_UPPER
from services.anonymize.worker.sql import compiled
from tests.worker.building import column as column_of
from tests.worker.masking import apply, context

BATCH = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ENCODABLE = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
TEXTS = st.lists(st.text(ENCODABLE, max_size=60), min_size=1, max_size=60, unique=True)
CODES = st.lists(st.text("ABCxyz059 -/éÉ", min_size=1, max_size=12), min_size=1, max_size=80, unique=True)


@BATCH
@given(values=TEXTS)
def test_filler_has_exactly_the_length_and_nothing_of_the_text(mask_session, values):
    for value, fake in zip(
        values, apply(mask_session, MASKS["lorem"](), column_of("v"), values), strict=True
    ):
        assert len(fake) == len(value)
        assert re.fullmatch("[a-z ]*", fake)


def shape(text: str) -> str:
    kinds = {"0123456789": "9", "abcdefghijklmnopqrstuvwxyz": "a", "ABCDEFGHIJKLMNOPQRSTUVWXYZ": "A",
             ACCENTED: "é", ACCENTED_UPPER: "É"}  # fmt: skip
    return "".join(next((mark for letters, mark in kinds.items() if one in letters), one) for one in text)


@BATCH
@given(values=CODES)
def test_a_scrambled_text_keeps_its_shape_and_different_ones_stay_different(mask_session, values):
    fakes = apply(mask_session, MASKS["scramble"](), column_of("v"), values)
    assert list(map(shape, fakes)) == list(map(shape, values))
    assert len(set(fakes)) == len(values)


@BATCH
@given(
    values=st.lists(
        st.text("ABCabcÉéÀà09-", min_size=1, max_size=4), min_size=1, max_size=80, unique_by=str.lower
    )
)
def test_texts_that_differ_whatever_their_case_do_so_scrambled(mask_session, values):
    fakes = apply(mask_session, MASKS["scramble"](), column_of("v"), values)
    assert len({fake.lower() for fake in fakes}) == len(values)
    small = apply(mask_session, MASKS["scramble"](), column_of("v"), list(map(str.lower, values)))
    assert small == list(map(str.lower, fakes))


def test_all_codes_of_one_shape_change_places(mask_session):
    values = [f"A{n:03}" for n in range(1000)]
    fakes = apply(mask_session, MASKS["scramble"](), column_of("v"), values)
    assert len(set(fakes)) == 1000
    assert sum(value == fake for value, fake in zip(values, fakes, strict=True)) < 5


@BATCH
@given(values=TEXTS)
def test_any_text_can_be_scrambled_without_two_becoming_one(mask_session, values):
    fakes = apply(mask_session, MASKS["scramble"](), column_of("v"), values)
    assert len(set(fakes)) == len(values)
    assert list(map(len, fakes)) == list(map(len, values))


@pytest.mark.parametrize(
    "text", ["Ωmega", "Łódź", "Иван", "日本語", "한국인", "ＦＵＬＬ９", "ﾊﾝｶｸ", "𠀀𠀁𠀂", "الله", "ⴰⵣⵓⵍ"]
)
def test_letters_of_every_alphabet_change(mask_session, text):
    (fake,) = apply(mask_session, MASKS["scramble"](), column_of("v"), [text])
    assert [ord(one) // 32 for one in fake] == [ord(one) // 32 for one in text]
    assert fake != text
    assert apply(mask_session, MASKS["scramble"](), column_of("v"), ["😀 — “”"]) == ["😀 — “”"]


@pytest.mark.parametrize(
    ("type_", "most"), [("smallint", 2**15 - 1), ("integer", 2**31 - 1), ("bigint", 2**63 - 1)]
)
def test_scrambled_numbers_keep_sign_digits_and_type(mask_session, type_, most):
    values = [*range(-99, 100), most, -most, most - 1, most // 2]
    fakes = apply(mask_session, MASKS["scramble"](), column_of("v", type_), list(map(str, values)))
    assert len(set(fakes)) == len(values)
    assert [len(str(fake)) for fake in fakes] == [len(str(value)) for value in values]
    assert all(abs(fake) <= most for fake in fakes)


def test_the_start_of_a_code_stays(mask_session):
    values = ["69003", "2A004", "9", ""]
    assert apply(mask_session, MASKS["generalize"](), column_of("v"), values) == ["69000", "2A000", "9", ""]
    assert apply(mask_session, MASKS["generalize"](fill=""), column_of("v"), values) == ["69", "2A", "9", ""]


def test_both_ends_of_a_code_stay_and_a_short_one_goes_as_a_whole(mask_session):
    values = ["0612345678", "12345", "1234", "", None]
    fakes = apply(mask_session, MASKS["generalize"](keep=2, end=2, fill="X"), column_of("v"), values)
    assert fakes == ["06XXXXXX78", "12X45", "XXXX", "", None]
    cut = apply(mask_session, MASKS["generalize"](keep=1, end=1, fill=""), column_of("v"), ["abc", "ab"])
    assert cut == ["ac", ""]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("pay with 4111 1111 1111 1111, please", "pay with [card], please"),
        ("4111111111111111 and 5555-5555-5555-4444", "[card] and [card]"),
        ("amex 3782 822463 10005, 371449635398431", "amex [card], [card]"),
        ("diners 3056 930902 5904, jcb 3530111333300000", "diners [card], jcb [card]"),
        ("2223003122003222 6011 1111 1111 1117", "[card] [card]"),
        ("order 1234567890123456, EAN 9782070408504, 20240506123045678", None),
        ("FR76 3000 6000 0112 3456 7890 189, no card", "[iban], no card"),
        ("https://a.fr/4111111111111111?x=1 y", "[url] y"),
        ("from 2001:db8:0:1:2:3:4:5, 2a01:cb00::1 and fe80::1ff:fe23:4567:890a", "from [ip], [ip] and [ip]"),
        ("fd12:3456:789a:: or 10.1.2.3", "[ip] or [ip]"),
        ("at 12:30:45, card 08:00:2b:01:02:03, std::vector, 2024:05:06", None),
    ],
)
def test_cards_and_addresses_are_redacted_and_what_looks_alike_is_not(mask_session, said, left):
    assert apply(mask_session, MASKS["redact"](), column_of("v"), [said]) == [left or said]


@pytest.mark.parametrize("names", [("short", "long"), ("long", "short"), ("short", "long", "none")])
def test_a_name_that_holds_another_goes_as_a_whole(mask_session, names):
    row = {
        "short": ["Jean", "Maria", None, "x"],
        "long": ["Jean-Baptiste", "Anna Maria", "Zoé", None],
        "none": [None] * 4,
    }
    said = ["for Jean-Baptiste, or Jean", "anna maria, Maria Rossi", "Zoé, null and void", "null x"]
    mask = MASKS["redact"](names_from=names)
    assert apply(mask_session, mask, column_of("v"), said, row=row) == [
        "for [name], or [name]",
        "[name], [name] Rossi",
        "[name], null and void",
        "null x",
    ]


def test_what_patterns_match_is_redacted_in_hstore_too(mask_session):
    mask = MASKS["redact"](patterns=(r"TCK-\d+", "secret"))
    said = ["TCK-4711 of a@b.fr", "no secrets"]
    assert apply(mask_session, mask, column_of("v"), said) == ["[redacted] of [email]", "no [redacted]s"]
    mask_session.execute("CREATE EXTENSION IF NOT EXISTS hstore")
    stored = '"mail"=>"x@y.fr", "tel"=>"06 12 34 56 78"'
    assert apply(mask_session, mask, column_of("v", "hstore"), [stored], shown=True) == [
        '"tel"=>"[phone]", "mail"=>"[email]"'
    ]
    # a pattern and a name that look like what stands between keys and values
    odd = MASKS["redact"](patterns=('b", "',), names_from=("country",))
    stored = [r'"a\\"=>"b\", \"\"", "x@y.fr"=>NULL', '"a"=>"b", "c"=>"Zoé => d"', "", None]
    assert apply(mask_session, odd, column_of("v", "hstore"), stored, "Zoé => d", shown=True) == [
        r'"a\\"=>"[redacted]\"", "[email]"=>NULL',
        '"a"=>"b", "c"=>"[name]"',
        "",
        None,
    ]


def test_what_is_redacted_in_xml_leaves_names_of_elements_and_namespaces(mask_session):
    # an engine may lack libxml, and XML is redacted as its text
    said = (
        '<p xmlns="http://a.fr/x" xmlns:b = \'https://b.fr\' home="http://jean.fr/"><![CDATA[a@b.fr]]>'
        "<b:tel>06 12 34 56 78</b:tel><i>c&#64;d.fr e&#x00040;f.fr &#48;6 12 34 56 79</i>"
        "&#60;&#38;&#233;&#1114112;</p>"
    )
    mask = MASKS["redact"]()
    apply(mask_session, mask, column_of("v"), ["x"])  # makes the function
    made = compiled(mask.within_xml(literal(said, Text), context()))
    assert mask_session.execute(f"SELECT {made}".replace("%", "%%").encode()).fetchone() == (
        '<p xmlns="http://a.fr/x" xmlns:b = \'https://b.fr\' home="[url]"><![CDATA[[email]]]>'
        "<b:tel>[phone]</b:tel><i>[email] [email] [phone]</i>&#60;&#38;é&#1114112;</p>",
    )
    assert "AS xml)" in masked_value(column_of("v", "xml"), mask, context())


@BATCH
@given(values=st.lists(st.one_of(st.none(), st.emails()), max_size=20))
def test_elements_are_masked_one_by_one_in_their_order(mask_session, values):
    part = column_of("v", "text[]")
    literal = (
        "{" + ",".join("NULL" if value is None else '"' + escaped(value) + '"' for value in values) + "}"
    )
    (fakes,) = apply(mask_session, MASKS["array"](of=MASKS["email"]()), part, [literal])
    alone = apply(mask_session, MASKS["email"](), column_of("v"), values) if values else []
    assert fakes == alone
    assert all(fake is None or re.search(RESERVED, fake) for fake in fakes)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def test_arrays_of_dates_and_empty_and_missing_ones(mask_session):
    part = column_of("v", "date[]")
    values = ["{2020-05-17,NULL}", "{}", None]
    made = apply(mask_session, MASKS["array"](of=MASKS["date_truncate"](to="year")), part, values, shown=True)
    assert made == ["{2020-01-01,NULL}", "{}", None]
    with pytest.raises(ValidationError, match="keep does not work on elements"):
        MASKS["array"](of=MASKS["keep"]())


def test_an_element_that_does_not_fit_is_told():
    part = column_of("v", "character varying(10)[]")
    complaints = MASKS["array"](of=MASKS["iban"]()).complaints(part)
    assert list(complaints) == ["varchar(10) cannot hold an IBAN (needs 27)"]


def test_choices_are_of_the_list_and_stable(mask_session):
    mask = MASKS["choice"](of=("a", "b", "c"))
    fakes = apply(mask_session, mask, column_of("v"), ["x", "y", "x", None, *map(str, range(50))])
    assert fakes[0] == fakes[2]
    assert fakes[3] is None
    assert set(fakes[4:]) == {"a", "b", "c"}
    flags = apply(mask_session, MASKS["choice"](by="id"), column_of("v", "boolean"), ["true"] * 60,
                  row={"id": [str(n) for n in range(60)]})  # fmt: skip
    assert set(flags) == {True, False}


def test_labels_of_enums_are_chosen_and_checked(mask_session):
    mask_session.execute("DROP TYPE IF EXISTS feeling; CREATE TYPE feeling AS ENUM ('sad', 'glad')")
    part = column_of("v", "feeling", enum_labels=("sad", "glad"))
    row = {"id": [str(n) for n in range(40)]}
    assert set(apply(mask_session, MASKS["choice"](by="id"), part, ["sad"] * 40, row=row)) == {"sad", "glad"}
    assert list(MASKS["choice"](of=("mad",)).complaints(part)) == [
        "feeling has no label mad; it has sad, glad"
    ]
    assert list(MASKS["choice"]().complaints(column_of("v"))) == [
        "text: choice needs a list; write of: [a, b]"
    ]


def test_files_become_tiny_valid_ones_of_their_kind(mask_session):
    part = column_of("v", "bytea")
    values = [r"\x89504e470d0a1a0a", r"\x255044462d312e34", r"\x504b0304", r"\x", None]
    png, pdf, other, empty, missing = apply(mask_session, MASKS["placeholder"](), part, values)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, kinds = 8, []
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + data)
        kinds.append(kind)
        at += 12 + size
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    start = int(re.search(rb"startxref\n(\d+)", pdf)[1])
    assert pdf[start:].startswith(b"xref")
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", pdf)]
    assert all(pdf[place:].startswith(b"%d 0 obj" % number) for number, place in enumerate(places, start=1))
    assert (other, empty, missing) == (b"", b"", None)


def test_any_picture_becomes_the_tiny_one(mask_session):
    part = column_of("v", "bytea")
    jpegs = [r"\xffd8ffe00010", r"\xffd8ffee000e", r"\xffd8ffe20c58"]  # JFIF, Adobe, a camera's
    values = [*jpegs, r"\x474946383961", r"\x52494646", r"\x49492a0008", r"\x4d4d002a00"]
    fakes = apply(mask_session, MASKS["placeholder"](), part, values)
    assert {fake[:8] for fake in fakes} == {b"\x89PNG\r\n\x1a\n"}
    assert apply(mask_session, MASKS["placeholder"](), part, [r"\xffd8", r"\x00", r"\x2550"]) == [b""] * 3


def test_long_texts_are_masked_piece_by_piece_and_stay_apart(mask_session):
    long = "Zoé 12 Привет " * 100
    values = [long, long[:-1] + "A", "B" + long[1:], long.upper(), long[:300], "x" * 256, "x" * 257]
    for mask in (MASKS["scramble"](), MASKS["token"](), MASKS["token"](prefix=4)):
        fakes = apply(mask_session, mask, column_of("v"), values)
        assert list(map(len, fakes)) == list(map(len, values))
        assert len(set(fakes)) == len(values)
    scrambled = apply(mask_session, MASKS["scramble"](), column_of("v"), values)
    assert [len(re.findall("[0-9]", fake)) for fake in scrambled[:4]] == [200, 200, 200, 200]
    assert sum(one == other for one, other in zip(scrambled[0], long, strict=True)) < len(long) / 2
