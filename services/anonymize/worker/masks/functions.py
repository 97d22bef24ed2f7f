# SQL keeps its own lines.
# ruff: noqa: E501
"""Functions that the worker makes in its own schema, for masks that need intermediate values.

A single expression would repeat the normal form of a telephone number dozens of times.
"""

from sqlalchemy import Text, column

from services.anonymize.worker.numbering import COUNTRIES, Country
from services.anonymize.worker.shapes import EMAIL, IBAN, IPV4, PHONE, URL, normal_phone
from services.anonymize.worker.sql import Purpose, compiled, function_statement, text_literal

MOST = 2**63 - 1


def _ranges(country: Country) -> str:
    branches, choice = [], ""
    for taken in country.ranges:
        choice = f"start := {text_literal(taken.start)}; free := {taken.digits}; first := {taken.first};"
        if taken.instead_of:
            firsts = ", ".join(text_literal(digit) for digit in taken.instead_of)
            branches.append(f"WHEN left(significant, 1) IN ({firsts}) THEN {choice}")
        else:
            branches.append(f"ELSE {choice}")
    significant = {"": "dialled", "0": "ltrim(dialled, '0')"}.get(
        country.trunk, f"regexp_replace(dialled, '^{country.trunk}', '')"
    )
    start = f"CASE {' '.join(branches)} END CASE;" if len(branches) > 1 else choice
    return (
        f"WHEN {text_literal(country.code)} THEN"
        f" calling := {text_literal(country.calling_code)}; trunk := {text_literal(country.trunk)};"
        f" pairs := {str(country.pairs).lower()}; significant := {significant};"
        f" {start}"
    )


# two countries may share a calling code, and then the row's own country decides
_CALLING = " ".join(
    f"WHEN starts_with(digits, {text_literal(code)}) THEN"
    + (f" CASE WHEN home IN ({', '.join(map(text_literal, codes))}) THEN home ELSE {text_literal(codes[0])} END"
       if len(codes) > 1 else f" {text_literal(codes[0])}")
    for code, codes in {
        one.calling_code: [other.code for other in COUNTRIES.values() if other.calling_code == one.calling_code]
        for one in COUNTRIES.values()
    }.items()
)  # fmt: skip

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
  significant text; calling text; trunk text; start text; free integer; first integer; pairs boolean;
  number text; separator text; plain text; pretty text;
BEGIN
  IF international THEN
    digits := regexp_replace(digits, '^00', '');
    country := CASE {_CALLING} ELSE home END;
  END IF;
  CASE country {" ".join(_ranges(country) for country in COUNTRIES.values())} END CASE;
  number := start || lpad((first
    + (hashtextextended(dialled, current_setting('{Purpose.PHONE.setting}')::bigint) & {MOST})
      % ((10::numeric ^ free)::bigint - first))::text, free, '0');
  IF form = 'national' THEN RETURN trunk || number; END IF;
  IF form = 'e164' THEN RETURN '+' || calling || number; END IF;
  plain := CASE WHEN international THEN '+' || calling || number ELSE trunk || number END;
  separator := substring(original from '[0-9)]([ ./-])[0-9(]');
  IF separator IS NULL THEN RETURN plain; END IF;
  -- a number is grouped with its trunk zero, whose place is empty behind a calling code: +33 6 39 98 12 34
  pretty := regexp_replace(trunk || number,
    CASE WHEN pairs THEN '([0-9]{{2}})(?=[0-9])' ELSE '([0-9]{{3}})(?=[0-9]{{2}})' END, '\\1' || separator, 'g');
  IF international THEN
    pretty := '+' || calling || separator || substr(pretty, length(trunk) + 1);
  END IF;
  RETURN CASE WHEN length(pretty) <= room THEN pretty ELSE plain END;
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
