# ruff: noqa: E501 - values and policies are said as they are
"""Whole ranges: telephone numbers, IBANs, IP and MAC addresses that stay unique, by permutation."""

import ipaddress
import re

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from stdnum import iban

from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.pipeline import anonymize
from services.anonymize.worker.policy import load_policy
from services.anonymize.worker.shapes import IBAN_LENGTHS
from tests.worker.building import column as column_of
from tests.worker.building import refused, schema_of, table, tell_nobody
from tests.worker.masking import apply

BATCH = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = {"min_size": 1, "max_size": 60, "unique": True}
CLUTTER = st.text("0123456789ABcz:.-+/( )é", min_size=1, max_size=20)


def fakes_of(session, word: str, values: list[str], type_: str = "text") -> list[str]:
    return apply(session, MASKS[word](range="any"), column_of("v", type_), values, shown=True)


def shape(text: str) -> str:
    return re.sub("[0-9]", "9", re.sub("[A-Z]", "A", re.sub("[a-z]", "a", text)))


@BATCH
@given(numbers=st.lists(st.integers(0, 10**8 - 1), **MANY))
def test_telephone_numbers_are_permuted_alike_however_they_are_written(mask_session, numbers):
    bare = [f"06{number:08}" for number in numbers]
    fakes = fakes_of(mask_session, "phone", bare)
    assert len(set(fakes)) == len(bare)
    assert all(re.fullmatch("06[0-9]{8}", fake) for fake in fakes)
    pretty = [" ".join(re.findall("..", one)) for one in bare]
    assert fakes_of(mask_session, "phone", pretty) == [" ".join(re.findall("..", fake)) for fake in fakes]
    for start in ("+33 ", "0033", "+33 (0)"):
        written = fakes_of(mask_session, "phone", [start + one[1:] for one in bare])
        assert written == [start + fake[1:] for fake in fakes]


def test_all_numbers_of_one_shape_change_places(mask_session):
    values = [f"06{number:04}" for number in range(10_000)]
    fakes = fakes_of(mask_session, "phone", values)
    assert sorted(fakes) == values
    assert sum(value == fake for value, fake in zip(values, fakes, strict=True)) < 10


@pytest.mark.parametrize(
    "number",
    [
        "+34612345678",
        "+393471234567",
        "+390612345678",
        "+16135550123",
        "+35191234567",
        "+447400123456",
        "+37251234567",
    ],
)
def test_a_permuted_number_stays_possible_in_its_country(mask_session, number):
    (fake,) = fakes_of(mask_session, "phone", [number])
    before, after = phonenumbers.parse(number), phonenumbers.parse(fake)
    assert after.country_code == before.country_code
    assert phonenumbers.is_possible_number(after) == phonenumbers.is_possible_number(before)
    assert fake != number


@pytest.mark.parametrize("word", ["phone", "iban", "ip", "mac"])
@BATCH
@given(values=st.lists(CLUTTER, **MANY))
def test_what_is_of_no_format_keeps_its_shape_and_never_meets_another(mask_session, word, values):
    fakes = fakes_of(mask_session, word, values)
    kept = {"ip": str.lower, "mac": lambda value: re.sub("[:. -]", "", value.lower())}.get(word, str)
    assert len(set(fakes)) == len({kept(value) for value in values}) or word == "mac"
    for value, fake in zip(values, fakes, strict=True):
        if word in {"phone", "iban"}:
            assert shape(fake.replace("é", "")) == shape(value.replace("é", "")) or "é" in value


def ibans(country: str) -> st.SearchStrategy[str]:
    length = IBAN_LENGTHS[country]
    return st.text("0123456789", min_size=length - 4, max_size=length - 4).map(
        lambda bban: country + iban.calc_check_digits(f"{country}00{bban}") + bban
    )


@BATCH
@given(values=st.lists(st.sampled_from(["DE", "PL", "LI", "SK", "CH"]).flatmap(ibans), **MANY))
def test_ibans_become_other_ibans_of_the_same_country_with_right_check_digits(mask_session, values):
    fakes = fakes_of(mask_session, "iban", values)
    assert len(set(fakes)) == len(values)
    assert [fake[:2] for fake in fakes] == [value[:2] for value in values]
    assert all(iban.is_valid(fake, check_country=False) for fake in fakes)
    spaced = [" ".join(re.findall(".{1,4}", value)).lower() for value in values]
    assert fakes_of(mask_session, "iban", spaced) == [
        " ".join(re.findall(".{1,4}", fake)).lower() for fake in fakes
    ]


def test_national_check_digits_of_permuted_ibans_are_right_too(mask_session):
    values = [
        "FR1420041010050500013M02606", "ES9121000418450200051332", "IT60X0542811101000000123456",
        "BE68539007547034", "PT50000201231234567890154", "SM86U0322509800000000270100",
    ]  # fmt: skip
    fakes = fakes_of(mask_session, "iban", values)
    assert [shape(fake) for fake in fakes if fake[:2] not in {"IT", "SM", "FR"}] == [
        shape(value) for value in values if value[:2] not in {"IT", "SM", "FR"}
    ]
    assert [iban.is_valid(fake) for fake in fakes] == [True] * len(values)
    again = fakes_of(mask_session, "iban", fakes)  # fakes are numbers of the format themselves
    assert all(iban.is_valid(one) for one in again)
    wrong = fakes_of(
        mask_session, "iban", [value[:-1] + ("0" if value[-1] != "0" else "1") for value in values]
    )
    assert not any(iban.is_valid(fake, check_country=False) for fake in wrong)


@BATCH
@given(
    values=st.lists(st.ip_addresses(v=4), **MANY),
    six=st.lists(st.integers(2**100, 2**128 - 1).map(ipaddress.IPv6Address), **MANY),
)
def test_addresses_stay_of_their_family_and_are_the_same_in_text(mask_session, values, six):
    texts = [str(value) for value in (*values, *six)]
    fakes = fakes_of(mask_session, "ip", texts)
    assert len(set(fakes)) == len(texts)
    assert [ipaddress.ip_address(fake).version for fake in fakes] == [4] * len(values) + [6] * len(six)
    assert all(
        ipaddress.ip_address(fake) in ipaddress.ip_network("2001:db8::/32") for fake in fakes[len(values) :]
    )
    assert [fake.partition("/")[0] for fake in fakes_of(mask_session, "ip", texts, "inet")] == fakes
    reserved = apply(mask_session, MASKS["ip"](), column_of("v"), texts)
    stored = apply(mask_session, MASKS["ip"](), column_of("v", "inet"), texts, shown=True)
    assert [fake.partition("/")[0] for fake in stored] == reserved


@BATCH
@given(numbers=st.lists(st.integers(0, 2**48 - 1), **MANY))
def test_mac_addresses_stay_cards_or_groups_and_are_the_same_in_text(mask_session, numbers):
    texts = [":".join(re.findall("..", f"{number:012x}")) for number in numbers]
    fakes = fakes_of(mask_session, "mac", texts)
    assert len(set(fakes)) == len(texts)
    assert [int(fake[:2], 16) % 4 for fake in fakes] == [int(text[:2], 16) % 4 for text in texts]
    assert fakes_of(mask_session, "mac", texts, "macaddr") == [fake.lower() for fake in fakes]


def test_parameters_that_say_nothing_beside_a_whole_range_are_refused():
    with pytest.raises(ValidationError, match="leave form out"):
        MASKS["phone"](range="any", form="e164")
    with pytest.raises(ValidationError, match="leave version out"):
        MASKS["ip"](range="any", version="4")
    assert list(MASKS["phone"](range="any").complaints(column_of("v", "character varying(10)"))) == []
    assert list(MASKS["iban"](range="any").complaints(column_of("v", "character varying(22)"))) == []


def test_one_kind_of_value_comes_from_one_range_in_a_whole_database():
    people = table("people", column_of("phone"), column_of("extra", "jsonb"))
    leads = table("leads", column_of("phone"), oid=2)
    policy = "version: 1\ntables:\n  people: {columns: {phone: {mask: phone, range: any}, extra: {mask: json, paths: {tel: phone}}}}\n  leads: {columns: {phone: phone}}"
    said = "people.phone has phone with range: any, and the same value must become the same fake; write range: any here too"
    assert [re.sub("^policy.yaml:[0-9:]+ ", "", one) for one in refused(policy, schema_of(people, leads))] == [
        f"people.extra: {said}", f"leads.phone: {said}",
    ]  # fmt: skip


UNIQUE = """
CREATE TABLE t (id int PRIMARY KEY, phone varchar(12) UNIQUE, iban text UNIQUE, ip inet UNIQUE, mac macaddr UNIQUE, address varchar(15),
                code varchar(4), number smallint, UNIQUE (code, number), UNIQUE (address));
CREATE TABLE leads (phone text, profile jsonb);
CREATE MATERIALIZED VIEW phones AS SELECT phone FROM t;
INSERT INTO t SELECT n, '06' || lpad((n * 7)::text, 6, '0'), 'SK' || lpad(n::text, 22, '0'), '10.0.0.0'::inet + n,
       ('02' || lpad(to_hex(n), 10, '0'))::macaddr, host('82.64.0.0'::inet + n), lpad((n % 1000)::text, 4, '0'), n / 1000 FROM generate_series(1, ROWS) n;
INSERT INTO leads SELECT phone, jsonb_build_object('tel', phone) FROM t WHERE id % 10 = 0;
ANALYZE;
"""
RULES = """
version: 1
tables:
  t:
    columns:
      id: scramble
      phone: &phone {mask: phone, range: any}
      iban: {mask: iban, range: any}
      ip: &ip {mask: ip, range: any}
      mac: {mask: mac, range: any}
      address: *ip
      code: scramble
      number: scramble
  leads: {columns: {phone: *phone, profile: {mask: json, paths: {tel: *phone}}}}
"""


def test_unique_columns_keep_joins_and_verification_tells_a_fake_from_an_original(server, database):
    with server.connect(database) as connection:
        connection.execute(UNIQUE.replace("ROWS", "2000"))
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        outcome = anonymize(opened, load_policy(RULES, "policy.yaml"), {}, 2, tell_nobody)
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []
    with server.connect(database) as connection:
        own = "SELECT phone FROM t WHERE phone IN (SELECT '06' || lpad((n * 7)::text, 6, '0') FROM generate_series(1, 2000) n)"
        assert (
            len(connection.execute(own.encode()).fetchall()) > 0
        )  # another's number, which must not fail the run
        joined = "SELECT count(*) FROM t JOIN leads USING (phone) WHERE profile ->> 'tel' = phone"
        assert connection.execute(joined.encode()).fetchone() == (200,)


def test_a_column_that_stays_as_it_was_still_fails_beside_a_whole_range(server, database):
    with server.connect(database) as connection:
        connection.execute(UNIQUE.replace("ROWS", "300"))
        connection.execute(
            "CREATE TABLE calls (phone text, note text); INSERT INTO calls SELECT '+1 415-555-' || n, 'rang (415) 555-' || n"
            " FROM generate_series(2600, 2699) n"
        )
    kept = RULES.replace("profile: {mask: json, paths: {tel: *phone}}", "profile: keep")
    kept += "  calls: {columns: {phone: *phone, note: keep}}\n"
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        outcome = anonymize(opened, load_policy(kept, "policy.yaml"), {}, 2, tell_nobody)
    (failed,) = [finding.detail for finding in outcome.findings if not finding.passed]
    assert re.fullmatch(
        r"columns still hold an original telephone number: calls.note \(\d+\), leads.profile \(\d+\)", failed
    )
