# SQL keeps its own lines.
# ruff: noqa: E501
"""IBANs as functions of the worker's own schema: the account in one, the whole from the account, and a fake.

France's RIB key, Spain's control digits, Italy's CIN, Portugal's and Belgium's check digits follow from the account, as
the IBAN's own do.
"""

import json
from collections.abc import Iterable

from services.anonymize.worker.shapes import IBAN_LENGTHS
from services.anonymize.worker.sql import (
    KEY_SETTING,
    WORK_SCHEMA,
    Purpose,
    function_statement,
    text_literal,
)

# How a fake's account begins, and how many digits follow: nines, or Z where a bank code has letters. No bank has these,
# so that no fake names an account that exists. Lengths and structures are the IBAN registry's (SWIFT, release 99).
RESERVED = {
    "FR": ("99999", 16), "MC": ("99999", 16), "ES": ("9999", 14), "IT": ("99999", 17), "SM": ("99999", 17),
    "DE": ("99999999", 10), "PT": ("9999", 15), "BE": ("999", 7), "NL": ("ZZZZ", 10), "LU": ("999", 13),
    "CH": ("99999", 12), "LI": ("99999", 12), "GB": ("ZZZZ", 14), "AT": ("99999", 11), "IE": ("ZZZZ", 14),
    "BG": ("ZZZZ", 14), "HR": ("9999999", 10), "CY": ("99999999", 16), "CZ": ("9999", 16), "DK": ("9999", 10),
    "EE": ("99", 14), "FI": ("999999", 8), "GR": ("9999999", 16), "HU": ("9999999", 17), "LV": ("ZZZZ", 13),
    "LT": ("99999", 11), "MT": ("ZZZZ99999", 18), "PL": ("99999999", 16), "RO": ("ZZZZ", 16), "SK": ("9999", 16),
    "SI": ("99999", 10), "SE": ("999", 17),
}  # fmt: skip
IBAN_COUNTRIES = tuple(RESERVED)
_OWN_DIGITS = ("FR", "MC", "ES", "IT", "SM", "PT", "BE")  # whose accounts have check digits of their own

# What a letter counts: 10 to 35 in an IBAN, 1 to 9 in a RIB, and in Italy by its place.
_SPOKEN = (
    "(SELECT string_agg(CASE WHEN sign BETWEEN 'A' AND 'Z' THEN (ascii(sign) - 55)::text ELSE sign END, '' ORDER BY place)"
    " FROM unnest(string_to_array(bban, NULL)) WITH ORDINALITY AS letters(sign, place))"
)
_LETTERS, _RIB = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789"
_ODD = "1,0,5,7,9,13,15,17,19,21,1,0,5,7,9,13,15,17,19,21,2,4,18,20,11,3,6,8,12,14,16,10,22,25,24,23"

_WEIGHTS = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)


def _weighted(last: int, weights: tuple[int, ...]) -> str:
    """SQL for a weighted sum of the digits of `number` down to the one of 10^`last`: one expression, because
    a loop costs three times as much."""
    powers = range(last + len(weights) - 1, last - 1, -1)
    return " + ".join(
        f"number / {10**power} % 10 * {weight}" for power, weight in zip(powers, weights, strict=True)
    )


WHOLE_IBAN = function_statement(
    "whole_iban",
    "country text, account text",
    "text",
    "plpgsql",
    f"""
DECLARE
  bban text := account; spoken text; number bigint; one integer := 0; two integer := 0; worth integer;
  digits boolean := account ~ '^[0-9]*$'; letters text; odd integer[];
BEGIN
  CASE
    WHEN country IN ('FR', 'MC') THEN
      spoken := CASE WHEN digits THEN account ELSE translate(account, '{_LETTERS}', '{_RIB}') END;
      bban := account || lpad((97 - (spoken || '00')::numeric % 97)::text, 2, '0');
    WHEN country = 'ES' THEN
      number := account::bigint;
      one := 11 - ({_weighted(10, _WEIGHTS[2:])}) % 11; two := 11 - ({_weighted(0, _WEIGHTS)}) % 11;
      bban := left(account, 8) || (CASE one WHEN 10 THEN 1 WHEN 11 THEN 0 ELSE one END)
           || (CASE two WHEN 10 THEN 1 WHEN 11 THEN 0 ELSE two END) || substr(account, 9);
    WHEN country IN ('IT', 'SM') THEN
      odd := '{{{_ODD}}}';
      FOR i IN 1..22 LOOP
        worth := strpos('0123456789{_LETTERS}', substr(account, i, 1)) - 1;
        one := one + CASE WHEN i % 2 = 1 THEN odd[1 + worth] WHEN worth > 9 THEN worth - 10 ELSE worth END;
      END LOOP;
      bban := chr(65 + one % 26) || account;
    WHEN country = 'PT' THEN bban := account || lpad((98 - (account || '00')::numeric % 97)::text, 2, '0');
    WHEN country = 'BE' THEN bban := account || lpad(coalesce(nullif(account::bigint % 97, 0), 97)::text, 2, '0');
    ELSE NULL;
  END CASE;
  -- only the last of these is a query, which costs as much as all the rest
  IF digits AND left(bban, 1) <= '9' THEN spoken := bban;
  ELSIF digits THEN spoken := (ascii(bban) - 55)::text || substr(bban, 2);
  ELSE
    letters := translate(account, '0123456789', '');
    IF letters = 'ZZZZ' AND left(bban, 4) = 'ZZZZ' THEN spoken := '35353535' || substr(bban, 5);
    ELSE spoken := {_SPOKEN};
    END IF;
  END IF;
  spoken := spoken || (ascii(country) - 55)::text || (ascii(substr(country, 2)) - 55)::text || '00';
  RETURN country || lpad((98 - spoken::numeric % 97)::text, 2, '0') || bban;
END
""",
)

# NULL where a text is no IBAN of its country with all its check digits right. Some countries' accounts are digits only.
IBAN_ACCOUNT = function_statement(
    "iban_account",
    "plain text",
    "text",
    "plpgsql",
    f"""
DECLARE
  country text := left(plain, 2); bban text := substr(plain, 5); account text;
BEGIN
  IF plain !~ '^[A-Z]{{2}}[0-9]{{2}}[A-Z0-9]+$'
     OR length(plain) IS DISTINCT FROM ({text_literal(json.dumps(IBAN_LENGTHS))}::jsonb ->> country)::integer
     OR country IN ('ES', 'PT', 'BE') AND bban ~ '[A-Z]' THEN
    RETURN NULL;
  END IF;
  account := CASE WHEN country IN ('FR', 'MC') THEN left(bban, 21) WHEN country = 'ES' THEN left(bban, 8) || substr(bban, 11)
                  WHEN country IN ('IT', 'SM') THEN substr(bban, 2) WHEN country = 'PT' THEN left(bban, 19)
                  WHEN country = 'BE' THEN left(bban, 10) ELSE bban END;
  RETURN CASE WHEN {WORK_SCHEMA}.whole_iban(country, account) = plain THEN account END;
END
""",
)

_PLACES = " ".join(f"WHEN {text_literal(code)} THEN {place}" for place, code in enumerate(RESERVED, 1))


def _of_place(values: Iterable[object], kind: str) -> str:
    """SQL for what belongs to a country by its place: an array of a type of fixed length is read at once."""
    return f"('{{{','.join(map(str, values))}}}'::{kind}[])[place]"


def _spoken(text: str) -> int:
    """What a text counts in an IBAN's check digits."""
    return int("".join(str(int(sign, 36)) for sign in text))


_LENGTH = _of_place((IBAN_LENGTHS[code] for code in RESERVED), "integer")
_START = _of_place((start for start, _ in RESERVED.values()), "name")
_WIDTH = _of_place((digits for _, digits in RESERVED.values()), "integer")
_UNIT = _of_place((10 ** max(17 - digits, 0) for _, digits in RESERVED.values()), "bigint")
# what a start counts before its digits, and a country behind the account, both by 97: the rest is the digits' own
_START_RESTS = _of_place((_spoken(start) * 10**digits % 97 for start, digits in RESERVED.values()), "integer")
_COUNTRY_RESTS = _of_place((_spoken(code) * 100 % 97 for code in RESERVED), "integer")
_WITH_RIB = "country IN ('FR', 'MC')"
_WITHOUT_OWN = f"country NOT IN ({', '.join(map(text_literal, _OWN_DIGITS))}) AND {_WIDTH} <= 17"

# An original of another country, or of no country's length, becomes one of its row's; where a column is too short for
# that, one of France.
FAKE_IBAN = function_statement(
    "fake_iban",
    "original text, home text, room integer",
    "text",
    "plpgsql",
    f"""
DECLARE
  plain text := CASE WHEN original ~ '^[A-Z0-9]*$' THEN original ELSE regexp_replace(upper(original), '[^A-Z0-9]', '', 'g') END;
  country text := left(plain, 2);
  place integer := CASE country {_PLACES} END;
  hex text := encode(substr(sha256(convert_to(
    current_setting('{KEY_SETTING}') || ':{Purpose.IBAN.value}:' || plain, 'UTF8')), 1, 15), 'hex');
  number bigint := ('x' || left(hex, 15))::bit(60)::bigint % 100000000000000000;
  rest integer; key integer; digits text; fake text; pretty text;
BEGIN
  IF place IS NULL OR length(plain) <> {_LENGTH} THEN
    country := home;
    place := CASE country {_PLACES} END;
  END IF;
  IF {_LENGTH} > room THEN
    country := 'FR';
    place := 1;
  END IF;
  IF {_WITH_RIB} OR {_WITHOUT_OWN} THEN
    number := number / {_UNIT};
    digits := {_START}::text || lpad(number::text, {_WIDTH}, '0');
    rest := {_START_RESTS} + number % 97;
    IF {_WITH_RIB} THEN
      key := 97 - rest * 100 % 97;
      digits := digits || lpad(key::text, 2, '0');
      rest := rest * 100 + key;
    END IF;
    fake := country || lpad((98 - (rest * 1000000::bigint + {_COUNTRY_RESTS}) % 97)::text, 2, '0') || digits;
  ELSE
    digits := lpad(number::text, 17, '0');
    IF {_WIDTH} > 17 THEN
      digits := digits || lpad((('x' || substr(hex, 16))::bit(60)::bigint % 100000000000000000)::text, 17, '0');
    END IF;
    fake := {WORK_SCHEMA}.whole_iban(country, {_START}::text || left(digits, {_WIDTH}));
  END IF;
  IF strpos(original, ' ') > 0 THEN
    pretty := regexp_replace(fake, '(.{{4}})(?=.)', '\\1 ', 'g');
    IF length(pretty) <= room THEN RETURN pretty; END IF;
  END IF;
  RETURN fake;
END
""",
)
