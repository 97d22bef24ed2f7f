"""Properties of every mask, checked on whole batches of values in one round trip each."""

# ruff: noqa: E501 - policies and messages are said as they are

import datetime
import ipaddress
import re
import uuid
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.anonymize.worker.engines.postgresql.rewriting import masked_value
from services.anonymize.worker.masks import MASKS, Mask, TextMask
from services.anonymize.worker.masks.contact import RESERVED
from services.anonymize.worker.masks.words import Kind, Locale, words
from services.anonymize.worker.shapes import CARD, PHONE
from services.anonymize.worker.sql import quoted
from tests.worker.building import column as column_of
from tests.worker.masking import another_key, apply, context

ENCODABLE = st.characters(blacklist_categories=("Cs",), blacklist_characters="\0")
TEXTS = st.lists(st.one_of(st.none(), st.text(ENCODABLE, max_size=40)), min_size=1, max_size=120)
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

PARAMETERS = {
    "last_name": {"locale": "it"}, "full_name": {"locale_from": "country"}, "street": {"locale": "de"},
    "postcode": {"locale": "gb"}, "redact": {"names_from": ("country",)}, "job": {"locale_from": "country"},
}  # fmt: skip
TEXT_MASKS = [word for word, mask in MASKS.items() if issubclass(mask, TextMask)]


def mask_of(word: str) -> Mask:
    return MASKS[word](**PARAMETERS.get(word, {}))


@pytest.mark.parametrize("word", TEXT_MASKS)
@QUICK
@given(values=TEXTS, length=st.sampled_from([None, 80]))
def test_nothing_stays_nothing_and_everything_fits_and_repeats(mask_session, word, values, length):
    part = column_of("value", f"character varying({length})" if length else "text")
    fakes = apply(mask_session, mask_of(word), part, values)
    for value, fake in zip(values, fakes, strict=True):
        if not value:
            assert fake == value
        else:
            assert fake is not None
            assert length is None or len(fake) <= length
    assert fakes == apply(mask_session, mask_of(word), part, values)


CONSTANT_MASKS = {"password_hash", "redact", "user_agent", "generalize"}


@pytest.mark.parametrize("word", [word for word in TEXT_MASKS if word not in CONSTANT_MASKS])
def test_another_key_gives_other_fakes(mask_session, word):
    values = [f"Ab{n}1234567890" for n in range(60)]
    fakes = apply(mask_session, mask_of(word), column_of("value"), values)
    with another_key(mask_session):
        others = apply(mask_session, mask_of(word), column_of("value"), values)
    same = sum(fake == other for fake, other in zip(fakes, others, strict=True))
    assert same < 12, f"{same} of 60 fakes do not depend on the key"


@QUICK
@given(values=st.lists(st.emails(), min_size=1, max_size=120))
def test_emails_are_reserved_and_as_different_as_before(mask_session, values):
    fakes = apply(mask_session, mask_of("email"), column_of("v"), values)
    assert all(re.search(RESERVED, fake) for fake in fakes)
    assert len(set(fakes)) == len({value.strip().lower() for value in values})
    shouted = [value.upper() for value in values]
    assert apply(mask_session, mask_of("email"), column_of("v"), shouted) == fakes


@QUICK
@given(words=st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=60, unique_by=str))
def test_exact_case_keeps_addresses_apart_that_differ_in_case(mask_session, words):
    values = [f"{word}@x.fr" for word in words] + [f"{word.upper()}@x.fr" for word in words]
    fakes = apply(mask_session, MASKS["email"](case="exact"), column_of("v"), values)
    assert len(set(fakes)) == len(values)


COUNTRY_LENGTHS = {"FR": 27, "ES": 24, "IT": 27, "DE": 22, "PT": 25, "BE": 16, "NL": 18, "LU": 20, "CH": 21, "GB": 22,
                   "AT": 20, "IE": 22}  # fmt: skip


def checks(iban: str) -> bool:
    plain = iban.replace(" ", "")
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


@QUICK
@given(
    countries=st.lists(st.sampled_from(sorted(COUNTRY_LENGTHS)), min_size=1, max_size=80),
    number=st.integers(0, 10**18),
    spaced=st.booleans(),
)
def test_ibans_check_and_keep_country_length_and_grouping(mask_session, countries, number, spaced):
    values = [
        (f"{country}76{number + n:030d}")[: COUNTRY_LENGTHS[country]] for n, country in enumerate(countries)
    ]
    if spaced:
        values = [" ".join(re.findall(".{1,4}", value)) for value in values]
    for value, fake in zip(values, apply(mask_session, mask_of("iban"), column_of("v"), values), strict=True):
        assert checks(fake)
        assert fake[:2] == value[:2]
        assert len(fake) == len(value)
        assert fake != value


@pytest.mark.parametrize(
    ("iban", "valid"),
    [
        ("FR76 3000 6000 0112 3456 7890 189", True),
        ("ES9121000418450200051332", True),
        ("ES9121000418450200051333", False),
    ],
)
def test_the_check_of_these_tests_knows_right_from_wrong(iban, valid):
    assert checks(iban) is valid


def test_national_check_digits_are_right_as_well(mask_session):
    fakes = apply(mask_session, mask_of("iban"), column_of("v"), ["FR7630006000011234567890189"] * 1)
    bban = fakes[0][4:]
    assert (89 * int(bban[:5]) + 15 * int(bban[5:10]) + 3 * int(bban[10:21]) + int(bban[21:])) % 97 == 0
    spanish = apply(
        mask_session,
        mask_of("iban"),
        column_of("v"),
        [f"ES91210004184502000{n}" for n in range(50000, 50040)],
    )
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
    for fake in spanish:
        bank, account = "00" + fake[4:12], fake[14:]
        for digits, check in ((bank, fake[12]), (account, fake[13])):
            rest = 11 - sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
            assert int(check) == {10: 1, 11: 0}.get(rest, rest)


PHONES = [
    ("+33 6 12 34 56 78", "FR", r"\+33 6 39 98 \d\d \d\d"),
    ("+33612345678", "FR", r"\+3363998\d{4}"),
    ("0612345678", "FR", r"063998\d{4}"),
    ("06.12.34.56.78", "FR", r"06\.39\.98\.\d\d\.\d\d"),
    ("01 42 00 00 00", "FR", r"01 99 00 \d\d \d\d"),
    ("04 91 00 00 00", "FR", r"04 65 71 \d\d \d\d"),
    ("+34 612 345 678", "FR", r"\+34 75\d \d{3} \d{3}"),
    ("612345678", "ES", r"75\d{7}"),
    ("912 345 678", "ES", r"99\d \d{3} \d{3}"),
    ("347 123 4567", "IT", r"399 \d{3} \d{4}"),
    ("+39 347 1234567", "FR", r"\+39 399 \d{3} \d{4}"),
    ("06 1234567", "IT", r"010 0\d{2} \d{4}"),
    ("0044 20 7946 1234", "FR", r"\+44 .*"),
]


@pytest.mark.parametrize(("value", "country", "shape"), PHONES)
def test_phones_keep_country_kind_and_writing(mask_session, value, country, shape):
    mask = MASKS["phone"](country_from="country")
    (fake,) = apply(mask_session, mask, column_of("v", "character varying(32)"), [value], country)
    assert re.fullmatch(shape, fake), fake


def test_the_same_number_written_differently_is_one_number(mask_session):
    values = ["+33 6 12 34 56 78", "0033612345678", "06.12.34.56.78", "+33 (0)6 12 34 56 78", "0612345678"]
    fakes = apply(mask_session, MASKS["phone"](form="e164"), column_of("v"), values)
    assert len(set(fakes)) == 1


@QUICK
@given(
    dates=st.lists(st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)), min_size=1),
    days=st.integers(1, 400),
)
def test_dates_move_by_at_most_so_many_days_and_never_by_none(mask_session, dates, days):
    fakes = apply(
        mask_session, MASKS["date_shift"](days=days), column_of("v", "date"), [str(date) for date in dates]
    )
    assert all(0 < abs((fake - date).days) <= days for date, fake in zip(dates, fakes, strict=True))


def test_timestamps_keep_their_time_of_day(mask_session):
    (fake,) = apply(
        mask_session,
        MASKS["date_shift"](days=9),
        column_of("v", "timestamp with time zone"),
        ["2020-05-17 12:34:56+00"],
    )
    assert fake.astimezone(datetime.UTC).time() == datetime.time(12, 34, 56)


@QUICK
@given(values=st.lists(st.ip_addresses(), min_size=1, max_size=60))
def test_addresses_stay_in_ranges_that_route_nowhere(mask_session, values):
    for type_ in ("inet", "text"):
        fakes = apply(mask_session, mask_of("ip"), column_of("v", type_), [str(value) for value in values])
        for value, fake in zip(values, fakes, strict=True):
            masked = ipaddress.ip_interface(str(fake)).ip
            assert masked.version == value.version
            assert masked in ipaddress.ip_network("10.0.0.0/8" if value.version == 4 else "2001:db8::/32")


@QUICK
@given(values=st.lists(st.uuids(), min_size=1, unique=True))
def test_uuids_stay_valid_and_different(mask_session, values):
    fakes = apply(mask_session, mask_of("hash"), column_of("v", "uuid"), [str(value) for value in values])
    assert len(set(fakes)) == len(values)
    assert all(uuid.UUID(str(fake)).version == 4 for fake in fakes)


def test_names_speak_the_language_of_the_row(mask_session):
    mask = MASKS["first_name"](locale_from="country")
    for country, locale in (
        ("FR", Locale.FR),
        ("es_ES", Locale.ES),
        ("Italia", Locale.IT),
        ("??", Locale.FR),
    ):
        (fake,) = apply(mask_session, mask, column_of("v"), ["Camille"], country)
        assert fake in words(Kind.FIRST_NAMES, locale)


@pytest.mark.parametrize("word", ["first_name", "full_name"])
@pytest.mark.parametrize("locale", Locale)
def test_first_names_fit_the_rows_gender(mask_session, word, locale):
    genders = ["F", "female", "2", "Mme", "Frau ", "m", "Male", "1", "M.", "Herr", "x", "", None]
    row = {"gender": genders * 8}
    values = [f"name {n // len(genders)}" for n in range(len(row["gender"]))]
    plain = MASKS[word](locale=locale)
    fakes = apply(
        mask_session, MASKS[word](locale=locale, gender_from="gender"), column_of("v"), values, row=row
    )
    others = apply(mask_session, plain, column_of("v"), values, row=row)
    lists = (
        [words(Kind.WOMEN, locale)] * 5
        + [words(Kind.MEN, locale)] * 5
        + [words(Kind.FIRST_NAMES, locale)] * 3
    )
    for place, (fake, other) in enumerate(zip(fakes, others, strict=True)):
        at = place % len(genders)
        assert any(
            fake == name or (word == "full_name" and fake.startswith(name + " ")) for name in lists[at]
        )
        assert at < 10 or fake == other
    assert len(set(fakes)) > 12


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("locale", Locale)
def test_word_lists_are_long_enough_to_hide_in_and_fit_the_name_type(kind, locale):
    listed = words(kind, locale)
    few = {(Kind.CITIES, Locale.ES), (Kind.JOBS, Locale.DE)}
    assert len(listed) >= {Kind.REGIONS: 16, Kind.MEN: 80}.get(kind, 90) or (kind, locale) in few
    assert len(set(listed)) == len(listed)
    assert max(len(word.encode()) for word in listed) <= 63


def test_redaction_leaves_the_rest_readable(mask_session):
    said = (
        "Bonjour Jean, appelez le 06 12 34 56 78 ou +33612345678 ou 347/1234567 ; jean.d@free.fr,"
        " IBAN FR76 3000 6000 0112 3456 7890 189 merci, http://x.fr/a?b=1 depuis 10.2.3.4, commande 12345678 du 01/02/2024."
    )
    mask = MASKS["redact"](names_from=("country",))
    (fake,) = apply(mask_session, mask, column_of("v"), [said], "Jean")
    assert fake == (
        "Bonjour [name], appelez le [phone] ou [phone] ou [phone] ; [email],"
        " IBAN [iban] merci, [url] depuis [ip], commande 12345678 du 01/02/2024."
    )


def test_north_american_numbers_are_redacted_as_people_write_them(mask_session):
    said = "call (415) 555-2671 or 415-555-2671, not 4155552671, 1234-555-2671 nor 2024-05-17 12:30"
    (fake,) = apply(mask_session, MASKS["redact"](), column_of("v"), [said])
    assert fake == "call [phone] or [phone], not 4155552671, 1234-555-2671 nor 2024-05-17 12:30"


GROUPS = st.lists(st.text("0123456789", min_size=1, max_size=6), min_size=1, max_size=6)
STARTS = st.sampled_from(["", "+", "0", "06", "00", "+33", "3", "34", "6", "12", "(0"])


@QUICK
@given(
    runs=st.lists(
        st.builds(
            lambda start, parts, sign: start + sign.join(parts), STARTS, GROUPS, st.sampled_from(" -/.")
        ),
        min_size=20,
        max_size=60,
    )
)
def test_what_is_told_from_a_numbers_length_is_what_the_pattern_says(mask_session, runs):
    runs = [run for run in runs if len(run) > 8 and not re.search(r"\d\.\d+\.\d+\.\d", run)]
    fakes = apply(mask_session, MASKS["redact"](), column_of("v"), [f"tel {run}!" for run in runs])
    said = (
        "SELECT 'tel ' || regexp_replace(regexp_replace(run, %s, '[card]', 'g'), %s, '[phone]', 'g') || '!'"
        " FROM unnest(%s::text[]) AS run"
    )
    assert fakes == [row[0] for row in mask_session.execute(said, (CARD, PHONE, runs)).fetchall()]


@QUICK
@given(name=st.text(ENCODABLE, max_size=12), before=st.text("xyz ", max_size=5))
def test_any_name_can_stand_beside_a_text(mask_session, name, before):
    (fake,) = apply(
        mask_session, MASKS["redact"](names_from=("country",)), column_of("v"), [before + " ." + name], name
    )
    assert fake is not None


def document(mask: Mask, value: str, session: psycopg.Connection) -> Any:
    return apply(session, mask, column_of("v", "jsonb"), [value], "ES")[0]


def test_documents_are_masked_along_their_paths(mask_session):
    mask = MASKS["json"](
        paths={
            "nick": MASKS["first_name"](locale_from="country"), "contact.email": MASKS["email"](), "n": MASKS["keep"](),
            "items[].mail": MASKS["email"](), "gone": MASKS["null"](), "k": MASKS["constant"](value=7),
            "grid[][].x": MASKS["email"](),
        },
        others="drop",
    )  # fmt: skip
    text = (
        '{"nick": "Jo", "contact": {"email": "a@b.fr", "other": 1}, "n": {"deep": [1]}, "gone": 5, "k": "secret", "new": 1,'
        ' "items": [{"mail": "A@b.fr", "z": 1}, {"mail": null}, "odd"], "grid": [[{"x": "a@b.fr"}], []]}'
    )
    made = document(mask, text, mask_session)
    (email,) = apply(mask_session, mask_of("email"), column_of("v"), ["a@b.fr"])
    assert made.pop("nick") in words(Kind.FIRST_NAMES, Locale.ES)
    assert made == {
        "contact": {"email": email}, "n": {"deep": [1]}, "gone": None, "k": 7,
        "items": [{"mail": email}, {"mail": None}, None], "grid": [[{"x": email}], []],
    }  # fmt: skip


def test_other_keys_can_be_kept(mask_session):
    mask = MASKS["json"](paths={"a.b": MASKS["email"]()}, others="keep")
    made = document(mask, '{"a": {"b": "x@y.fr", "c": 1}, "d": [1]}', mask_session)
    assert made["d"] == [1]
    assert made["a"]["c"] == 1
    assert made["a"]["b"].endswith("@example.invalid")


@pytest.mark.parametrize("value", ["null", "5", '"text"', "[1]", "{}"])
def test_a_document_of_another_shape_tells_nothing(mask_session, value):
    made = document(MASKS["json"](paths={"a": MASKS["email"]()}, others="drop"), value, mask_session)
    assert made in (None, {})


def test_without_the_runs_key_nothing_can_be_computed(server, mask_session):
    with server.connect("masks") as other, pytest.raises(psycopg.errors.UndefinedObject):
        apply(other, mask_of("email"), column_of("v"), ["a@b.fr"])


def test_no_expression_holds_a_name_unquoted():
    assert quoted('a"b') == '"a""b"'
    made = masked_value(column_of('x"; DROP TABLE t; --'), mask_of("email"), context())
    assert '"x""; DROP TABLE t; --"' in made
