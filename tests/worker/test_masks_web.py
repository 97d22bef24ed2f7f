# ruff: noqa: E501 - values and judges stand side by side
"""Contact, network and access: fakes of the right form, judged by the libraries that applications use."""

import re
import uuid
from urllib.parse import urlsplit

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from stdnum import iban

from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.masks.iban import IBAN_COUNTRIES, RESERVED
from services.anonymize.worker.masks.names import POSTCODE_STARTS
from services.anonymize.worker.masks.tokens import UNUSABLE
from services.anonymize.worker.masks.web import BOTS, DESKTOPS, MOBILES
from services.anonymize.worker.masks.words import Kind, Locale, country_codes, words
from services.anonymize.worker.numbering import COUNTRIES, COUNTRY_WORDS, belongs_to_nobody
from services.anonymize.worker.shapes import IBAN_LENGTHS
from tests.worker.building import column as column_of
from tests.worker.masking import apply

BATCH = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = {"min_size": 1, "max_size": 60, "unique": True}


@pytest.mark.parametrize("country", ["FR", "ES", "IT", "DE", "PT", "GB"])
@BATCH
@given(digits=st.lists(st.text("0123456789", min_size=7, max_size=7), **MANY))
def test_telephone_numbers_are_possible_ones_of_the_same_country(mask_session, country, digits):
    starts = {
        "FR": "+336{}0",
        "ES": "+346{}0",
        "IT": "+39347{}",
        "DE": "+49151{}0",
        "PT": "+35191{}",
        "GB": "+44787{}",
    }
    values = [starts[country].format(one) for one in digits]
    fakes = apply(mask_session, MASKS["phone"](form="e164"), column_of("v"), values)
    for fake in fakes:
        number = phonenumbers.parse(fake)
        assert phonenumbers.region_code_for_country_code(number.country_code) == country
        assert phonenumbers.is_possible_number(number)
        assert fake == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def examples(country: str) -> list[str]:
    """A mobile and a fixed number of a country, as the library gives them."""
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    return [
        phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        for kind in kinds
        if (found := phonenumbers.example_number_for_type(country, kind)) is not None
    ]


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_has_numbers_that_belong_to_nobody(mask_session, country):
    values = examples(country)
    fakes = apply(mask_session, MASKS["phone"](country=country), column_of("v"), values)
    dialled = apply(mask_session, MASKS["phone"](country=country, form="national"), column_of("v"), values)
    for value, fake, national in zip(values, fakes, dialled, strict=True):
        number = phonenumbers.parse(fake)
        assert number.country_code == phonenumbers.parse(value).country_code
        assert phonenumbers.is_possible_number(number), fake
        assert phonenumbers.parse(national, country) == number
        assert re.fullmatch(belongs_to_nobody(), national)
        assert len(national) <= 11
        # the library takes all of Italy's 3 for mobile numbers, also those that nobody has
        reserved = country in {"FR", "DE", "GB", "IE", "SE", "US", "CA", "IT"}
        assert reserved or not phonenumbers.is_valid_number(number), fake


def test_a_range_that_does_not_start_at_zero_leaves_out_what_is_assigned(mask_session):
    values = [f"+4670{n:07}" for n in range(2000)]
    fakes = apply(mask_session, MASKS["phone"](), column_of("v"), values)
    assert {int(fake[-2:]) for fake in fakes} == set(range(5, 100))
    assert re.fullmatch(belongs_to_nobody(), "0701740605")
    assert not re.fullmatch(belongs_to_nobody(), "0701740604")


def test_who_shares_a_calling_code_is_told_by_the_row(mask_session):
    mask = MASKS["phone"](country_from="country")
    values = ["+1 416-555-2671", "(416) 555-2671"]
    for country, start in (("CA", "416-555-01"), ("US", "415-555-01"), ("FR", "415-555-01")):
        fakes = apply(mask_session, mask, column_of("v"), values[: 1 if country == "FR" else 2], country)
        assert fakes[0].replace(" ", "-").startswith(f"+1-{start}")
        assert [fake.replace(" ", "-")[-12:].startswith(start) for fake in fakes] == [True] * len(fakes)


@BATCH
@given(accounts=st.lists(st.text("0123456789", min_size=23, max_size=23), **MANY))
def test_ibans_pass_every_check_that_stdnum_knows(mask_session, accounts):
    values = [f"FR76{account}" for account in accounts] + ["ES9121000418450200051332", "BE68539007547034"]
    fakes = apply(mask_session, MASKS["iban"](), column_of("v"), values)
    assert [fake for fake in fakes if not iban.is_valid(fake)] == []


@pytest.mark.parametrize("country", IBAN_COUNTRIES)
def test_an_iban_stays_of_its_country_and_names_a_bank_that_is_none(mask_session, country):
    account = "".join(RESERVED[country][0].replace("9", "1").replace("Z", "A") + "123456789012345678")
    length = IBAN_LENGTHS[country] - 4
    bban = (account + "0" * length)[:length]
    if country in {"IT", "SM"}:
        bban = "X" + bban[1:]
    value = f"{country}{iban.calc_check_digits(f'{country}00{bban}')}{bban}"
    fakes = apply(mask_session, MASKS["iban"](), column_of("v"), [value, value[:-3]])
    assert iban.is_valid(fakes[0])
    assert (fakes[0][:2], len(fakes[0])) == (country, len(value))
    assert RESERVED[country][0] in fakes[0][4:14]
    assert fakes[1].startswith("FR")  # no country has IBANs of that length
    by_row = MASKS["iban"](country_from="country")
    (short,) = apply(mask_session, by_row, column_of("v", "character varying(27)"), ["?"], country)
    assert iban.is_valid(short)
    home = {"LI": "CH", "MC": "FR"}.get(country, country)  # as for telephone numbers
    assert short[:2] == (home if home in COUNTRY_WORDS and len(value) <= 27 else "FR")


@BATCH
@given(
    paths=st.lists(st.text("abc/.?=&#", max_size=20), **MANY),
    scheme=st.sampled_from(["http", "https", "ftp"]),
)
def test_urls_are_reserved_and_as_different_as_before(mask_session, paths, scheme):
    values = [f"{scheme}://www.shop.fr/{path}" for path in paths]
    fakes = apply(mask_session, MASKS["url"](), column_of("v", "character varying(80)"), values)
    assert len(set(fakes)) == len(values)
    parts = [urlsplit(fake) for fake in fakes]
    assert {part.scheme for part in parts} == {scheme}
    assert len({part.hostname for part in parts}) == 1
    assert all(str(part.hostname).endswith(".example.invalid") for part in parts)


def test_a_files_kind_stays_and_what_is_no_url_becomes_one(mask_session):
    values = ["https://x.fr/a/photo.jpg?size=2", "x.fr/a.tar.gz", "https://jean:secret@x.fr:8080/"]
    one, two, three = apply(mask_session, MASKS["url"](), column_of("v"), values)
    assert one.endswith(".jpg")
    assert two.endswith(".gz")
    assert len({urlsplit(url).hostname for url in (one, two, three)}) == 1
    assert "jean" not in three


@BATCH
@given(values=st.lists(st.text("abcXYZ.-_9", min_size=1, max_size=15), **MANY))
def test_logins_are_as_different_as_before_but_for_case(mask_session, values):
    for length in (None, 12, 40):
        part = column_of("v", f"character varying({length})" if length else "text")
        fakes = apply(mask_session, MASKS["login"](), part, values)
        assert len(set(fakes)) == len({value.lower() for value in values})
        assert all(re.fullmatch(r"[a-z]+\.?[0-9a-f]+", fake) for fake in fakes)
        assert length is None or max(map(len, fakes)) <= length


@BATCH
@given(numbers=st.lists(st.integers(0, 2**48 - 1), **MANY))
def test_mac_addresses_are_of_no_maker_and_written_alike(mask_session, numbers):
    bare = [f"{number:012X}" for number in numbers]
    for separator in (":", "-", ""):
        values = [separator.join(re.findall("..", one)) for one in bare]
        fakes = apply(mask_session, MASKS["mac"](), column_of("v"), values)
        assert len(set(fakes)) == len(values)
        assert all(re.fullmatch(f"02(?:{separator}[0-9A-F]{{2}}){{5}}", fake) for fake in fakes)
    stored = apply(mask_session, MASKS["mac"](), column_of("v", "macaddr"), bare, shown=True)
    assert [one.replace(":", "").upper() for one in stored] == fakes


@BATCH
@given(values=st.lists(st.uuids(), **MANY))
def test_uuids_are_random_ones_and_the_same_in_text(mask_session, values):
    texts = [str(value) for value in values]
    fakes = apply(mask_session, MASKS["uuid"](), column_of("v", "uuid"), texts)
    assert len(set(fakes)) == len(values)
    assert all((fake.version, fake.variant) == (4, uuid.RFC_4122) for fake in fakes)
    assert apply(mask_session, MASKS["uuid"](), column_of("v"), texts) == [str(fake) for fake in fakes]
    assert apply(mask_session, MASKS["uuid"](), column_of("v"), [one.hex for one in values]) == [
        f.hex for f in fakes
    ]


@BATCH
@given(values=st.lists(st.one_of(st.text("0123456789", min_size=9, max_size=40), st.text("0123456789abcdef", min_size=9, max_size=40),
                                 st.text("ghiXYZ09_", min_size=9, max_size=40)), **MANY))  # fmt: skip
def test_tokens_keep_length_and_kind_of_characters(mask_session, values):
    fakes = apply(mask_session, MASKS["token"](), column_of("v"), values)
    for value, fake in zip(values, fakes, strict=True):
        assert len(fake) == len(value)
        for kind in ("[0-9]+", "[0-9a-f]+"):
            if re.fullmatch(kind, value):
                assert re.fullmatch(kind, fake)
                break
    fixed = apply(mask_session, MASKS["token"](length=32, prefix=3), column_of("v"), values)
    assert {len(fake) for fake in fixed} == {32}
    assert [fake[:3] for fake in fixed] == [value[:3] for value in values]


def test_an_ending_that_is_no_kind_of_file_may_be_a_name(mask_session):
    values = [
        "https://social.fr/in/camille.roux",
        "x.fr/a.b/eve.fox?x",
        "http://x.fr/.jpg",
        "x.fr/u/ann.poe#a.gif",
    ]
    fakes = apply(mask_session, MASKS["url"](), column_of("v"), values)
    assert [fake.rsplit("/", 1)[1][16:] for fake in fakes] == ["", "", ".jpg", ""]


def test_a_token_that_is_no_longer_than_its_prefix_is_masked_as_a_whole(mask_session):
    values = ["4711", "sk_live_", "sk_live_9aF3"]
    fakes = apply(mask_session, MASKS["token"](prefix=8), column_of("v"), values)
    assert [len(fake) for fake in fakes] == [4, 8, 12]
    assert [fake[:2] == value[:2] for fake, value in zip(fakes, values, strict=True)] == [False, False, True]
    fixed = apply(mask_session, MASKS["token"](prefix=8, length=20), column_of("v"), values)
    assert [len(fake) for fake in fixed] == [20] * 3
    with pytest.raises(ValidationError, match="length must be more than prefix"):
        MASKS["token"](prefix=8, length=8)


def test_no_password_opens_a_masked_hash_and_short_columns_are_told(mask_session):
    values = ["$2y$12$abc", "", None]
    assert apply(mask_session, MASKS["password_hash"](), column_of("v"), values) == [
        UNUSABLE["bcrypt"],
        "",
        None,
    ]
    assert len(UNUSABLE["bcrypt"]) == 60
    short = column_of("v", "character varying(40)")
    assert list(MASKS["password_hash"]().complaints(short)) == [
        "varchar(40) cannot hold a bcrypt hash (needs 60); form: locked needs 1"
    ]
    assert apply(mask_session, MASKS["password_hash"](form="locked"), short, ["x"]) == ["!"]


def test_a_browser_stays_a_computers_a_telephones_or_a_robots(mask_session):
    values = ["Mozilla/5.0 (X11) Firefox/1", "Mozilla/5.0 (iPhone) Mobile", "Googlebot/2.1"]
    desktop, mobile, bot = apply(mask_session, MASKS["user_agent"](), column_of("v"), values)
    assert desktop in DESKTOPS
    assert mobile in MOBILES
    assert bot in BOTS


def test_colleagues_stay_together_under_one_reserved_domain(mask_session):
    values = ["a@corp.fr", "B@Corp.fr", "c@free.fr"]
    fakes = apply(
        mask_session, MASKS["email"](per_domain=True), column_of("v", "character varying(60)"), values
    )
    domains = [fake.split("@")[1] for fake in fakes]
    assert domains[0] == domains[1] != domains[2]
    assert all(domain.endswith(".example.invalid") for domain in domains)
    assert max(map(len, fakes)) <= 60


@BATCH
@given(
    cities=st.lists(st.text("abcdefgh", min_size=1, max_size=8), **MANY),
    country=st.sampled_from(["FR", "ES", "PT", "GB"]),
)
def test_a_masked_city_has_one_postcode_of_its_country(mask_session, cities, country):
    row = {"city": cities}
    mask = MASKS["postcode"](city_from="city", locale_from="country")
    codes = apply(mask_session, mask, column_of("v"), ["69003"] * len(cities), country, row=row)
    fakes = apply(mask_session, MASKS["city"](locale_from="country"), column_of("v"), cities, country)
    assert len(set(zip(fakes, codes, strict=True))) == len(set(fakes))
    locale = {"FR": Locale.FR, "ES": Locale.ES, "PT": Locale.PT, "GB": Locale.EN}[country]
    assert all(code.startswith(POSTCODE_STARTS[locale]) for code in codes)


def test_a_city_that_a_person_chooses_has_its_postcode_too(mask_session):
    row = {"person": ["7", "8", "7", None, ""], "city": ["Lyon", "Lyon", "Nice", "Lyon", "Lyon"]}
    postcode, city = (
        MASKS["postcode"](city_from="city", seed_from="person"),
        MASKS["city"](seed_from="person"),
    )
    codes = apply(mask_session, postcode, column_of("v"), ["69003"] * 5, row=row)
    fakes = apply(mask_session, city, column_of("v"), row["city"], row=row)
    assert codes[0] == codes[2] != codes[1]
    assert fakes[0] == fakes[2] != fakes[1]
    assert codes[3] == codes[4]
    assert len(set(zip(fakes, codes, strict=True))) == len(set(fakes)) == len(set(codes))


def test_countries_stay_codes_or_names(mask_session):
    values = ["FR", "fra", "France", "es"]
    two, three, name, small = apply(mask_session, MASKS["country"](locale="es"), column_of("v"), values)
    assert two in country_codes(2)
    assert three.upper() in country_codes(3)
    assert name in words(Kind.COUNTRIES, Locale.ES)
    assert small.upper() in country_codes(2)
    assert small == small.lower()


def test_a_seed_gives_a_person_the_same_name_whatever_stands_in_the_row(mask_session):
    row = {"person": ["7", "7", "8", None]}
    for word in ("first_name", "full_name", "email", "login", "street"):
        fakes = apply(
            mask_session, MASKS[word](seed_from="person"), column_of("v"), ["a", "b", "a", ""], row=row
        )
        assert fakes[0] == fakes[1] != fakes[2]
        assert fakes[3] == ""
