# ruff: noqa: E501 - numbers and their judges stand side by side
"""Identifiers stay valid by an independent judge, keep their writing, and never become one another."""

import re
from collections.abc import Callable
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.de import idnr
from stdnum.es import nif
from stdnum.eu import vat
from stdnum.fr import nir, siren, siret, tva
from stdnum.gb import vat as gb_vat
from stdnum.it import codicefiscale

from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.masks.identifiers import IDENTIFIERS, VAT_COUNTRIES
from services.anonymize.worker.masks.permuting import looked_up
from tests.worker.building import column as column_of
from tests.worker.masking import apply

BATCH = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DIGITS = st.text("0123456789", min_size=1, max_size=1)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


def batch(one: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(one, min_size=1, max_size=60, unique=True)


def bare(number: str) -> str:
    return re.sub("[ .-]", "", number)


def valid_card(number: str) -> bool:
    return luhn.is_valid(bare(number))


def valid_nir(number: str) -> bool:
    return nir.is_valid(number) if len(bare(number)) == 15 else len(bare(number)) == 13


def with_luhn(body: str) -> str:
    return body + luhn.calc_check_digit(body)


def sirets(parts: tuple[str, str]) -> str:
    return with_luhn(with_luhn(parts[0]) + parts[1])


def nirs(parts: tuple[str, int, int, str, str]) -> str:
    sex, year, month, place, rest = parts
    body = f"{sex}{year:02}{month:02}{place}{rest}"
    return body + nir.calc_check_digits(body + "00")


def dnis(number: int) -> str:
    return f"{number:08}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def nies(number: int) -> str:
    control = "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]
    return f"{'XYZ'[number // 10**7]}{number % 10**7:07}{control}"


def codes(parts: tuple[str, int, str, int, str]) -> str:
    letters, year, month, day, place = parts
    body = f"{letters}{year:02}{month}{day:02}{place}"
    return body + codicefiscale.calc_check_digit(body)


def idnrs(parts: tuple[list[int], int, int]) -> str | None:
    order, one, two = parts
    body = [str(digit) for digit in order]
    body[one] = body[two]
    number = "".join(body)
    whole = number + idnr.mod_11_10.calc_check_digit(number)
    return whole if idnr.is_valid(whole) else None


VALID: dict[str, tuple[st.SearchStrategy[str], Callable[[str], bool]]] = {
    "card": (st.builds(with_luhn, st.integers(3, 6).flatmap(lambda n: digits(14).map(lambda d: f"{n}{d}"))), valid_card),
    "siren": (st.builds(with_luhn, digits(8)), siren.is_valid),
    "siret": (st.builds(sirets, st.tuples(digits(8).filter(lambda d: d != "35600000"), digits(4))), siret.is_valid),
    "tva": (st.builds(lambda body: "FR" + siren.to_tva(with_luhn(body)), digits(8)), tva.is_valid),
    "nir": (
        st.builds(nirs, st.tuples(st.sampled_from("12"), st.integers(0, 99), st.integers(1, 12),
                                  st.sampled_from(["01", "13", "2A", "2B", "75", "97", "99"]), digits(6))),
        valid_nir,
    ),
    "nif": (st.one_of(st.builds(dnis, st.integers(0, 10**8 - 1)), st.builds(nies, st.integers(0, 3 * 10**7 - 1))),
            nif.is_valid),
    "codice_fiscale": (
        st.builds(codes, st.tuples(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=6, max_size=6), st.integers(0, 99),
                                   st.sampled_from("ABCDEHLMPRST"), st.sampled_from([1, 15, 28, 41, 68]),
                                   st.tuples(st.sampled_from("AHLZ"), digits(3)).map("".join))),
        codicefiscale.is_valid,
    ),
    "steuer_id": (
        st.builds(idnrs, st.tuples(st.permutations(range(10)), st.integers(0, 9), st.integers(0, 9)))
        .filter(lambda number: number is not None), idnr.is_valid,
    ),
    "vat": (st.builds(lambda body: "FR" + siren.to_tva(with_luhn(body)), digits(8)), vat.is_valid),
}  # fmt: skip


def mask_of(word: str):
    return MASKS[word](range="any") if word == "card" else MASKS[word]()


@pytest.mark.parametrize("word", VALID)
@BATCH
@given(data=st.data())
def test_valid_numbers_become_other_valid_numbers_of_the_same_length(mask_session, word, data):
    one, valid = VALID[word]
    values = data.draw(batch(one))
    assert all(valid(value) for value in values)
    fakes = apply(mask_session, mask_of(word), column_of("v"), values)
    assert [fake for fake in fakes if not valid(fake)] == []
    assert [len(fake) for fake in fakes] == [len(value) for value in values]
    assert len(set(fakes)) == len(values)
    spaced = [" ".join(re.findall(".{1,3}", value.lower())) for value in values]
    written = apply(mask_session, mask_of(word), column_of("v"), spaced)
    assert [one.lower() for one in written] == [
        " ".join(re.findall(".{1,3}", fake.lower())) for fake in fakes
    ]


@pytest.mark.parametrize("word", [mask.word for mask in IDENTIFIERS])
@BATCH
@given(values=batch(st.text("0123456789ABXYZaé -.", min_size=1, max_size=20)))
def test_what_is_no_such_number_keeps_its_shape_and_stays_none(mask_session, word, values):
    valid = VALID[word][1]
    fakes = apply(mask_session, mask_of(word), column_of("v"), values)
    assert len(set(fakes)) == len(values)
    for value, fake in zip(values, fakes, strict=True):
        assert re.sub("[0-9]", "9", re.sub("[A-Z]", "A", value)) == re.sub(
            "[0-9]", "9", re.sub("[A-Z]", "A", fake)
        ) or (re.search("[a-zé]", value))
        if word not in {"nir", "vat", "card"} and not valid(value):
            assert not valid(fake)


def test_a_company_is_one_in_siren_siret_and_vat_number(mask_session):
    sirens = [with_luhn(f"{n:08}") for n in range(40000000, 40000050)]
    fakes = apply(mask_session, MASKS["siren"](), column_of("v"), sirens)
    establishments = apply(
        mask_session, MASKS["siret"](), column_of("v"), [with_luhn(one + "0001") for one in sirens]
    )
    french = apply(mask_session, MASKS["tva"](), column_of("v"), ["FR" + siren.to_tva(one) for one in sirens])
    european = apply(mask_session, MASKS["vat"](), column_of("v"), [siren.to_tva(one) for one in sirens])
    assert [one[:9] for one in establishments] == fakes
    assert [one[4:] for one in french] == fakes
    assert [one[2:] for one in european] == fakes


EUROPEAN = {
    "BG": "BG175074752", "CY": "CY10259033P", "CZ": "CZ25123891", "EE": "EE100931558", "HR": "HR33392005961", "HU": "HU12892312",
    "LT": "LT119511515", "LV": "LV40003521600", "MT": "MT11679112", "RO": "RO18547290", "SI": "SI50223054", "SK": "SK2022749619",
    "XI": "XI980780684", "GB": "GB980780684",
    "AT": "ATU13585627", "BE": "BE0403019261", "DE": "DE136695976", "DK": "DK13585628", "EL": "EL094259216",
    "ES": "ESB58378431", "FI": "FI20774740", "FR": "FR40303265045", "IE": "IE6433435OA", "IT": "IT00743110157",
    "LU": "LU15027442", "NL": "NL004495445B01", "PL": "PL8567346215", "PT": "PT501964843", "SE": "SE123456789701",
}  # fmt: skip


def valid_neighbours(number: str, valid: Callable[[str], bool]) -> list[str]:
    """Other valid numbers like a number of digits, found by counting on from it."""
    if not number[2:].isdigit():
        return []
    width = len(number) - 2
    others = (
        f"{number[:2]}{(int(number[2:]) + step * 1009) % 10**width:0{width}}" for step in range(1, 4000)
    )
    return list(islice(filter(valid, others), 25))


@pytest.mark.parametrize("country", VAT_COUNTRIES)
def test_european_vat_numbers_stay_valid_with_country_and_without(mask_session, country):
    number = EUROPEAN[country]
    valid = gb_vat.is_valid if country == "GB" else vat.is_valid
    numbers = [number, *valid_neighbours(number, valid)]
    fakes = apply(mask_session, MASKS["vat"](), column_of("v"), numbers)
    assert [fake for fake in fakes if not valid(fake)] == []
    assert {(fake[:2], len(fake)) for fake in fakes} == {(country, len(number))}
    assert len(set(fakes)) == len(numbers)
    fake = fakes[0]
    assert fake != number
    (short,) = apply(
        mask_session, MASKS["vat"](country_from="country"), column_of("v"), [number[2:]], country
    )
    assert short == fake[2:]


def test_temporary_and_earlier_numbers_stay_valid_too_and_greece_has_two_codes(mask_session):
    (temporary,) = apply(mask_session, MASKS["vat"](), column_of("v"), ["LT100001919017"])
    assert vat.is_valid(temporary)
    assert len(temporary) == 14
    (short,) = apply(mask_session, MASKS["vat"](country_from="country"), column_of("v"), ["094259216"], "GR")
    assert vat.is_valid("EL" + short)
    assert MASKS["vat"](country="GR") == MASKS["vat"](country="EL")


def test_a_sole_traders_dutch_number_stays_valid(mask_session):
    (fake,) = apply(mask_session, MASKS["vat"](), column_of("v"), ["NL002455799B11"])
    assert vat.is_valid(fake)


def test_cards_are_of_test_ranges_and_of_the_same_brand(mask_session):
    values = ["4970 1012 3456 7890", "5555-5555-5555-4444", "378282246310005", "9999999999999995", "no card"]
    fakes = apply(mask_session, MASKS["card"](), column_of("v"), values)
    assert [fake[:6] for fake in fakes[2:4]] == ["378282", "999999"]
    assert fakes[0].startswith("4000 00")
    assert fakes[1].startswith("5555-55")
    assert all(luhn.is_valid(bare(fake)) for fake in fakes[:4])
    assert re.fullmatch("[a-z]{2} [a-z]{4}", fakes[4])


def test_a_permutation_of_a_small_space_is_one(mask_session):
    apply(mask_session, MASKS["siren"](), column_of("v"), ["1"])  # makes the function
    for size in (1, 2, 3, 10, 997, 5000):
        query = f"SELECT count(DISTINCT p), min(p), max(p) FROM (SELECT snapveil_work.permuted(n, {size}, 'test') AS p"
        query += f" FROM generate_series(0, {size - 1}) AS n) AS made"
        assert mask_session.execute(query.encode()).fetchone() == (size, 0, size - 1)


def test_a_permutation_that_is_looked_up_is_the_same(mask_session):
    apply(mask_session, MASKS["siren"](), column_of("v"), ["1"])  # makes the functions
    for size in (1, 2, 10, 997, 10_000, 30_000_000, 10**9):
        numbers = [*range(min(size, 300)), size - 1]
        body = (
            "DECLARE one integer; two integer; BEGIN "
            + looked_up("number", size, "test")
            + " RETURN number; END"
        )
        function = f"CREATE FUNCTION pg_temp.again_{size}(number bigint) RETURNS bigint LANGUAGE plpgsql AS $f${body}$f$"
        mask_session.execute(function.encode())
        query = f"SELECT pg_temp.again_{size}(n), snapveil_work.permuted(n, {size}, 'test') FROM unnest(%s::bigint[]) AS n"
        made = mask_session.execute(query.encode(), (numbers,)).fetchall()
        assert [one for one, _ in made] == [other for _, other in made]
