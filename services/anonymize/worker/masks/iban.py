# SQL keeps its own lines.
# ruff: noqa: E501
"""IBANs as functions of the worker's own schema: the account in one, the whole from the account, and a fake.

France's RIB key, Spain's control digits, Italy's CIN, Portugal's and Belgium's check digits follow from the account, as
the IBAN's own do.
"""

import json

from services.anonymize.worker.shapes import IBAN_LENGTHS
from services.anonymize.worker.sql import (
    KEY_SETTING,
    WORK_SCHEMA,
    Purpose,
    function_statement,
    text_literal,
)

# The countries in whose IBANs a bank code that no bank has is known.
IBAN_COUNTRIES = ("FR", "MC", "ES", "IT", "SM", "DE", "PT", "BE", "NL", "LU", "CH", "GB", "AT", "IE")

# What a letter counts: 10 to 35 in an IBAN, 1 to 9 in a RIB, and in Italy by its place.
_SPOKEN = (
    "(SELECT string_agg(CASE WHEN sign BETWEEN 'A' AND 'Z' THEN (ascii(sign) - 55)::text ELSE sign END, '' ORDER BY place)"
    " FROM unnest(string_to_array(bban, NULL)) WITH ORDINALITY AS letters(sign, place))"
)
_LETTERS, _RIB = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789"
_ODD = "1,0,5,7,9,13,15,17,19,21,1,0,5,7,9,13,15,17,19,21,2,4,18,20,11,3,6,8,12,14,16,10,22,25,24,23"

WHOLE_IBAN = function_statement(
    "whole_iban",
    "country text, account text",
    "text",
    "plpgsql",
    f"""
DECLARE
  bban text := account; spoken text; letters text := translate(account, '0123456789', ''); one integer := 0; two integer := 0; worth integer;
  weights integer[]; odd integer[];
BEGIN
  CASE
    WHEN country IN ('FR', 'MC') THEN
      spoken := CASE letters WHEN '' THEN account ELSE translate(account, '{_LETTERS}', '{_RIB}') END;
      bban := account || lpad((97 - (spoken || '00')::numeric % 97)::text, 2, '0');
    WHEN country = 'ES' THEN
      weights := '{{1,2,4,8,5,10,9,7,3,6}}';
      FOR i IN 1..10 LOOP
        IF i > 2 THEN one := one + substr(account, i - 2, 1)::integer * weights[i]; END IF;
        two := two + substr(account, 8 + i, 1)::integer * weights[i];
      END LOOP;
      one := 11 - one % 11; two := 11 - two % 11;
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
  IF letters = '' AND left(bban, 1) <= '9' THEN spoken := bban;
  ELSIF letters = '' THEN spoken := (ascii(bban) - 55)::text || substr(bban, 2);
  ELSIF letters = 'ZZZZ' AND left(bban, 4) = 'ZZZZ' THEN spoken := '35353535' || substr(bban, 5);
  ELSE spoken := {_SPOKEN};
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

# Bank codes are nines (or Z): no bank has them, so that no fake names an account that exists.
FAKE_IBAN = function_statement(
    "fake_iban",
    "original text, home text, room integer",
    "text",
    "plpgsql",
    f"""
DECLARE
  plain text := regexp_replace(upper(original), '[^A-Z0-9]', '', 'g');
  country text := left(plain, 2);
  hex text := encode(sha256(convert_to(
    current_setting('{KEY_SETTING}') || ':{Purpose.IBAN.value}:' || plain, 'UTF8')), 'hex');
  drawn text := lpad((('x' || substr(hex, 1, 15))::bit(60)::bigint % 100000000000000000)::text, 17, '0')
             || lpad((('x' || substr(hex, 16, 15))::bit(60)::bigint % 100000000000000000)::text, 17, '0');
  fake text; pretty text;
BEGIN
  IF country NOT IN ({", ".join(map(text_literal, IBAN_COUNTRIES))}) THEN country := home; END IF;
  fake := {WORK_SCHEMA}.whole_iban(country, CASE
    WHEN country IN ('FR', 'MC') THEN '99999' || left(drawn, 16)
    WHEN country = 'ES' THEN '9999' || left(drawn, 14)
    WHEN country IN ('IT', 'SM') THEN '99999' || left(drawn, 17)
    WHEN country = 'PT' THEN '9999' || left(drawn, 15)
    WHEN country = 'BE' THEN '999' || left(drawn, 7)
    WHEN country = 'DE' THEN '99999999' || left(drawn, 10)
    WHEN country = 'NL' THEN 'ZZZZ' || left(drawn, 10)
    WHEN country = 'LU' THEN '999' || left(drawn, 13)
    WHEN country = 'CH' THEN '99999' || left(drawn, 12)
    WHEN country = 'AT' THEN '99999' || left(drawn, 11)
    ELSE 'ZZZZ' || left(drawn, 14) END);
  IF strpos(original, ' ') > 0 THEN
    pretty := regexp_replace(fake, '(.{{4}})(?=.)', '\\1 ', 'g');
    IF length(pretty) <= room THEN RETURN pretty; END IF;
  END IF;
  RETURN fake;
END
""",
)
