"""What verification takes for a telephone number in a masked column: no digits of codes, and what is left."""

import pytest

from services.anonymize.worker.engines.codes import codes
from services.anonymize.worker.engines.postgresql.personal import SEARCHING
from services.anonymize.worker.masks import MASKS, Mask
from services.anonymize.worker.schema import Family
from tests.worker.building import column
from tests.worker.masking import apply

ROWS = 2000
PLAIN = (
    "0612345678",
    "612345678",
    "3471234567",
    "+33612345678",
    "0033612345678",
    "33612345678",
    "393471234567",
)
LEFT = (
    *PLAIN,
    *(f"tel{number}" for number in PLAIN if number[0] != "+"),
    *(f"D{number}" for number in PLAIN if number[0] != "+"),
    *(f"{number}x12" for number in PLAIN),
    *(f"call {number}, please" for number in PLAIN),
    "06 12 34 56 78", "06.12.34.56.78", "06-12-34-56-78", "(02) 1234567",
    "+49 (0)151 12345678", "(415) 555-2671",
)  # fmt: skip

# What there is before masking, by mask: many rows of its own kind, so that the fakes are many.
MADE = {
    "hash": (MASKS["hash"](), "PSP-{:08}", "text"),
    "short hash": (MASKS["hash"](), "PSP-{:08}", "character varying(16)"),
    "token": (MASKS["token"](), "tokenX{:026}", "text"),
    "hexadecimal token": (MASKS["token"](), "abcdef{:010}", "text"),
    "live token": (MASKS["token"](prefix=8), "sk_live_9aF3kQ7b{:08}", "text"),
    "uuid": (MASKS["uuid"](), "018f4e1c-9b2a-7c3d-8e4f-{:012}", "text"),
    "login": (MASKS["login"](), "user{}", "text"),
    "narrow login": (MASKS["login"](), "user{}", "character varying(17)"),
    "url": (MASKS["url"](), "https://shop{0}.fr/p/{0}.jpg", "text"),
    "mac": (MASKS["mac"](), "00-1B-44-{:06}", "text"),
    "any mac": (MASKS["mac"](range="any"), "00:1B:44:{:06}", "text"),
    "user agent": (MASKS["user_agent"](), "Mozilla/5.0 (Android {})", "text"),
    "password": (MASKS["password_hash"](), "{}", "text"),
    "ip": (MASKS["ip"](), "82.64.{}", "text"),
    "card": (MASKS["card"](), "49701012{:08}", "text"),
    "nif": (MASKS["nif"](), "{:08}Z", "text"),
    "cif": (MASKS["nif"](), "B{:07}J", "text"),
    "siren": (MASKS["siren"](), "{:09}", "text"),
    "siret": (MASKS["siret"](), "{:014}", "text"),
    "vat": (MASKS["vat"](), "DE{:09}", "text"),
    "codice_fiscale": (MASKS["codice_fiscale"](), "RCCMNL83S18D{:03}H", "text"),
    "email": (MASKS["email"](), "anna{}@free.fr", "text"),
    "lorem": (MASKS["lorem"](), "a text of number {:020}", "text"),
    "street": (MASKS["street"](), "{} rue", "text"),
}  # fmt: skip


def numbers(session, mask: Mask, values: list[str], found_after: bool = True) -> list[str]:
    """The values of a column in which verification sees a telephone number, after masking or before."""
    for statement in SEARCHING:
        session.execute(statement.encode())
    asked = session.execute(
        "SELECT value FROM unnest(%s::text[]) AS value,"
        " unnest(snapveil_work.personal(value, %s, true, %s, %s)) AS found"
        " WHERE found ~ '^phone:.{8,13}$'",  # no number is longer as it is dialled
        (values, mask.word, not found_after, codes(mask, Family.TEXT)),
    )
    return [row[0] for row in asked]


@pytest.mark.parametrize("name", MADE)
def test_no_fake_has_anybodys_number_among_its_digits(mask_session, name):
    mask, written, type_ = MADE[name]
    fakes = apply(mask_session, mask, column("v", type_), [written.format(one) for one in range(ROWS)])
    assert numbers(mask_session, mask, fakes) == []


@pytest.mark.parametrize("name", MADE)
def test_a_number_that_a_mask_left_is_found_however_it_is_written(mask_session, name):
    mask = MADE[name][0]
    # what is written as the identifier of its own column is that identifier
    itself = {"612345678"} if name == "siren" else {"33612345678"} if name == "vat" else set()
    itself |= {"33612345678"} if name == "codice_fiscale" else set()
    expected = [one for one in LEFT if one not in itself]
    assert sorted(set(expected) - set(numbers(mask_session, mask, list(LEFT)))) == []
    assert sorted(set(expected) - set(numbers(mask_session, mask, list(LEFT), found_after=False))) == []


def test_codes_in_documents_are_no_numbers_and_numbers_beside_them_are(mask_session):
    mask = MASKS["json"](paths={"key": MASKS["uuid"](), "ref": MASKS["hash"]()}, others="keep")
    pattern = codes(mask, Family.JSON)
    document = '{"key": "12345678-0612-4345-8698-061234567801", "ref": "ab0612345678cdef0012", "tel": "%s"}'
    for statement in SEARCHING:
        mask_session.execute(statement.encode())
    found = [
        mask_session.execute(
            "SELECT snapveil_work.personal(%s, 'json', true, false, %s)", (document % number, pattern)
        ).fetchone()[0]
        for number in ("none", "+33 6 12 34 56 78")
    ]
    assert found == [[], ["phone:0612345678"]]
