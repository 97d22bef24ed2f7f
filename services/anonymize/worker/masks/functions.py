# SQL keeps its own lines.
# ruff: noqa: E501
"""Functions that the worker makes in its own schema, for masks that need intermediate values.

A single expression would repeat the normal form of a telephone number, or the body of an IBAN, dozens of times.
"""

from sqlalchemy import Text, column

from services.anonymize.worker.numbering import COUNTRIES, Country
from services.anonymize.worker.shapes import EMAIL, IBAN, IPV4, PHONE, URL, normal_phone
from services.anonymize.worker.sql import KEY_SETTING, Purpose, compiled, function_statement, text_literal

MOST = 2**63 - 1


def _ranges(country: Country) -> str:
    branches = []
    for taken in country.ranges:
        choice = f"start := {text_literal(taken.start)}; free := {taken.digits};"
        if taken.instead_of:
            firsts = ", ".join(text_literal(digit) for digit in taken.instead_of)
            branches.append(f"WHEN left(significant, 1) IN ({firsts}) THEN {choice}")
        else:
            branches.append(f"ELSE {choice}")
    significant = "ltrim(dialled, '0')" if country.trunk else "dialled"
    return (
        f"WHEN {text_literal(country.code)} THEN"
        f" calling := {text_literal(country.calling_code)}; trunk := {text_literal(country.trunk)};"
        f" pairs := {str(country.pairs).lower()}; significant := {significant};"
        f" CASE {' '.join(branches)} END CASE;"
    )


_CALLING = " ".join(
    f"WHEN starts_with(digits, {text_literal(country.calling_code)}) THEN {text_literal(country.code)}"
    for country in COUNTRIES.values()
)

FAKE_PHONE = function_statement(
    "fake_phone",
    "original text, home text, form text, room integer",
    "text",
    "plpgsql",
    f"""
DECLARE
  dialled text := {compiled(normal_phone(column("original", Text)))};
  international boolean := original ~ '^[ (]*(?:\\+|00)';
  digits text := regexp_replace(original, '[^0-9]', '', 'g');
  country text := home;
  significant text; calling text; trunk text; start text; free integer; pairs boolean;
  number text; separator text; plain text; pretty text;
BEGIN
  IF international THEN
    digits := regexp_replace(digits, '^00', '');
    country := CASE {_CALLING} ELSE home END;
  END IF;
  CASE country {" ".join(_ranges(country) for country in COUNTRIES.values())} END CASE;
  number := start || lpad(
    ((hashtextextended(dialled, current_setting('{Purpose.PHONE.setting}')::bigint) & {MOST})
     % (10::numeric ^ free)::bigint)::text, free, '0');
  IF form = 'national' THEN RETURN trunk || number; END IF;
  IF form = 'e164' THEN RETURN '+' || calling || number; END IF;
  plain := CASE WHEN international THEN '+' || calling || number ELSE trunk || number END;
  separator := substring(original from '[0-9)]([ ./-])[0-9(]');
  IF separator IS NULL THEN RETURN plain; END IF;
  -- a number is grouped with its trunk zero, whose place is empty behind a calling code: +33 6 39 98 12 34
  pretty := regexp_replace(trunk || number,
    CASE WHEN pairs THEN '([0-9]{{2}})(?=[0-9])' ELSE '([0-9]{{3}})(?=[0-9]{{2}})' END, '\\1' || separator, 'g');
  IF international THEN
    pretty := '+' || calling || separator || CASE WHEN trunk = '' THEN pretty ELSE substr(pretty, 2) END;
  END IF;
  RETURN CASE WHEN length(pretty) <= room THEN pretty ELSE plain END;
END
""",
)

# Bank codes are nines (or Z): no bank has them, so that no fake names an account that exists. France's RIB key, Spain's
# control digits, Italy's CIN, Portugal's and Belgium's check digits are right as well as the IBAN's own.
IBAN_COUNTRIES = ("FR", "MC", "ES", "IT", "SM", "DE", "PT", "BE", "NL", "LU", "CH", "GB", "AT", "IE")

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
  account text; bban text; spoken text; weights integer[] := '{{1,2,4,8,5,10,9,7,3,6}}';
  odd integer[] := '{{1,0,5,7,9,13,15,17,19,21}}';
  one integer := 0; two integer := 0; fake text;
BEGIN
  IF country NOT IN ({", ".join(map(text_literal, IBAN_COUNTRIES))}) THEN country := home; END IF;
  CASE
    WHEN country IN ('FR', 'MC') THEN
      account := '99999' || substr(drawn, 1, 16);
      bban := account || lpad((97 - (account || '00')::numeric % 97)::text, 2, '0');
    WHEN country = 'ES' THEN
      account := '009999' || substr(drawn, 1, 14);
      FOR i IN 1..10 LOOP
        one := one + substr(account, i, 1)::integer * weights[i];
        two := two + substr(account, 10 + i, 1)::integer * weights[i];
      END LOOP;
      one := 11 - one % 11; two := 11 - two % 11;
      bban := substr(account, 3, 8) || (CASE one WHEN 10 THEN 1 WHEN 11 THEN 0 ELSE one END)
           || (CASE two WHEN 10 THEN 1 WHEN 11 THEN 0 ELSE two END) || substr(account, 11);
    WHEN country IN ('IT', 'SM') THEN
      account := '99999' || substr(drawn, 1, 17);
      FOR i IN 1..22 LOOP
        one := one + CASE WHEN i % 2 = 1 THEN odd[1 + substr(account, i, 1)::integer]
                     ELSE substr(account, i, 1)::integer END;
      END LOOP;
      bban := chr(65 + one % 26) || account;
    WHEN country = 'PT' THEN
      account := '9999' || substr(drawn, 1, 15);
      bban := account || lpad((98 - (account || '00')::numeric % 97)::text, 2, '0');
    WHEN country = 'BE' THEN
      account := '999' || substr(drawn, 1, 7);
      bban := account || lpad(coalesce(nullif(account::bigint % 97, 0), 97)::text, 2, '0');
    WHEN country = 'DE' THEN bban := '99999999' || substr(drawn, 1, 10);
    WHEN country = 'NL' THEN bban := 'ZZZZ' || substr(drawn, 1, 10);
    WHEN country = 'LU' THEN bban := '999' || substr(drawn, 1, 13);
    WHEN country = 'CH' THEN bban := '99999' || substr(drawn, 1, 12);
    WHEN country = 'AT' THEN bban := '99999' || substr(drawn, 1, 11);
    ELSE bban := 'ZZZZ' || substr(drawn, 1, 14);
  END CASE;
  spoken := CASE WHEN left(bban, 4) = 'ZZZZ' THEN '35353535' || substr(bban, 5)
                 WHEN left(bban, 1) BETWEEN 'A' AND 'Z' THEN (ascii(bban) - 55)::text || substr(bban, 2)
                 ELSE bban END
         || (ascii(country) - 55)::text || (ascii(substr(country, 2)) - 55)::text || '00';
  fake := country || lpad((98 - spoken::numeric % 97)::text, 2, '0') || bban;
  IF strpos(original, ' ') > 0 THEN
    spoken := regexp_replace(fake, '(.{{4}})(?=.)', '\\1 ', 'g');
    IF length(spoken) <= room THEN RETURN spoken; END IF;
  END IF;
  RETURN fake;
END
""",
)

# In this order: an address may stand inside a URL, and an IP address begins like some telephone numbers. Each cheap test
# saves an expensive pattern; the pattern of a name is new in every row and has to be compiled, so it comes last.
REDACTED = function_statement(
    "redacted",
    "original text, names text[], patterns text[]",
    "text",
    "plpgsql",
    f"""
DECLARE
  kept text := original;
  lowered text;
  name text;
BEGIN
  FOREACH name IN ARRAY coalesce(patterns, '{{}}') LOOP kept := regexp_replace(kept, name, '[redacted]', 'g'); END LOOP;
  IF strpos(kept, '://') > 0 THEN kept := regexp_replace(kept, {text_literal(URL)}, '[url]', 'gi'); END IF;
  IF strpos(kept, '@') > 0 THEN kept := regexp_replace(kept, {text_literal(EMAIL)}, '[email]', 'g'); END IF;
  IF kept ~ '[0-9][0-9]' THEN
    kept := regexp_replace(kept, {text_literal(IBAN)}, '[iban]', 'g');
    IF strpos(kept, '.') > 0 THEN kept := regexp_replace(kept, {text_literal(IPV4)}, '[ip]', 'g'); END IF;
    kept := regexp_replace(kept, {text_literal(PHONE)}, '[phone]', 'g');
  END IF;
  IF names IS NULL THEN RETURN kept; END IF;
  lowered := lower(kept);
  FOREACH name IN ARRAY names LOOP
    -- one letter would take every such letter for a name
    IF length(btrim(name)) > 1 AND strpos(lowered, lower(btrim(name))) > 0 THEN
      kept := regexp_replace(kept,
        '\\m' || regexp_replace(btrim(name), '([^[:alnum:][:space:]])', '\\\\\\1', 'g') || '\\M', '[name]', 'gi');
    END IF;
  END LOOP;
  RETURN kept;
END
""",
)
