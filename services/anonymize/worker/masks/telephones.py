# SQL keeps its own lines.
# ruff: noqa: E501
"""Telephone numbers as functions of the worker's own schema: how a number is dialled, and a fake of it.

Both go by what a number begins with, and by patterns only where a number is written in groups: a row's
numbers are a good part of what its masks cost.
"""

from collections.abc import Iterable

from services.anonymize.worker.numbering import COUNTRIES, NO_TRUNK, TRUNK_SIX, TRUNK_ZERO, Country, Range
from services.anonymize.worker.sql import WORK_SCHEMA, Purpose, function_statement, text_literal

MOST = 2**63 - 1

# Without what people write between digits; a no-break space is among it.
_BARE = "translate(CASE WHEN strpos(NUMBER, '(0)') > 0 THEN replace(NUMBER, '(0)', '') ELSE NUMBER END, E' ./-()\\t\\u00a0', '')"


def bare(number: str) -> str:
    """SQL for a number without what people write between its digits."""
    return _BARE.replace("NUMBER", number)


def _begins(text: str, codes: Iterable[str]) -> str:
    """SQL for whether a text begins with one of some calling codes, of which none begins another."""
    by_length: dict[int, list[str]] = {}
    for code in codes:
        by_length.setdefault(len(code), []).append(text_literal(code))
    return " OR ".join(f"left({text}, {n}) IN ({', '.join(some)})" for n, some in sorted(by_length.items()))


def _length(codes: Iterable[str]) -> str:
    """SQL for the length of the calling code that `behind` begins with."""
    known = [code for code in codes if len(code) != 2]
    branches = " ".join(f"WHEN starts_with(behind, {text_literal(code)}) THEN {len(code)}" for code in known)
    return f"CASE {branches} ELSE 2 END" if branches else "2"


# A bare number as it is dialled inside its country, wherever that is known: the same number however it is written. France's and
# Spain's numbers have nine digits; what follows belongs to the prose.
DIALLED = function_statement(
    "dialled",
    "bare text",
    "text",
    "plpgsql",
    f"""
DECLARE
  behind text := CASE WHEN left(bare, 1) = '+' THEN substr(bare, 2) WHEN left(bare, 2) = '00' THEN substr(bare, 3) END;
BEGIN
  IF behind IS NULL THEN
    -- a calling code that lost its plus
    IF left(bare, 1) <> '3' OR length(bare) < 11 THEN RETURN bare; END IF;
    RETURN CASE WHEN bare ~ '^33[1-9][0-9]{{8}}$' THEN '0' || substr(bare, 3)
                WHEN bare ~ '^(?:34[6-9][0-9]{{8}}|393[0-9]{{8,9}})$' THEN substr(bare, 3) ELSE bare END;
  END IF;
  IF left(behind, 2) = '33' THEN
    RETURN '0' || left(substr(behind, CASE WHEN substr(behind, 3, 1) = '0' THEN 4 ELSE 3 END), 9);
  END IF;
  IF left(behind, 2) = '34' THEN RETURN left(substr(behind, 3), 9); END IF;
  IF {_begins("behind", NO_TRUNK)} THEN RETURN substr(behind, 1 + {_length(NO_TRUNK)}); END IF;
  IF {_begins("behind", TRUNK_ZERO)} THEN
    behind := substr(behind, 1 + {_length(TRUNK_ZERO)});
    RETURN CASE WHEN left(behind, 1) = '0' THEN behind ELSE '0' || behind END;
  END IF;
  IF {_begins("behind", TRUNK_SIX)} THEN
    behind := substr(behind, 1 + {_length(TRUNK_SIX)});
    RETURN CASE WHEN left(behind, 2) = '06' THEN behind ELSE '06' || behind END;
  END IF;
  RETURN '+' || behind;
END
""",
)

_RANGES: tuple[tuple[Country, Range], ...] = tuple(
    (country, taken) for country in COUNTRIES.values() for taken in country.ranges
)


def _chosen() -> str:
    """SQL for the place of the range that stands for a number, counted from 1."""
    branches, place = [], 0
    for country in COUNTRIES.values():
        digits = []
        for taken in country.ranges:
            place += 1
            some = ", ".join(map(text_literal, taken.instead_of))
            digits.append(f"WHEN first IN ({some}) THEN {place}" if some else f"ELSE {place}")
        chosen = f"CASE {' '.join(digits)} END" if len(digits) > 1 else str(place)
        branches.append(f"WHEN {text_literal(country.code)} THEN {chosen}")
    return f"CASE country {' '.join(branches)} END"


def _of_range(values: Iterable[object], kind: str) -> str:
    """SQL for what belongs to the chosen range: an array of a type of fixed length, so that its place is
    found at once."""
    return f"('{{{','.join(str(value) or chr(34) * 2 for value in values)}}}'::{kind}[])[place]"


# Two countries may share a calling code, and then the row's own country decides.
_CALLED = " ".join(
    f"WHEN starts_with(behind, {text_literal(code)}) THEN"
    + (f" CASE WHEN home IN ({', '.join(map(text_literal, codes))}) THEN home ELSE {text_literal(codes[0])} END"
       if len(codes) > 1 else f" {text_literal(codes[0])}")
    for code, codes in {
        one.calling_code: [other.code for other in COUNTRIES.values() if other.calling_code == one.calling_code]
        for one in COUNTRIES.values()
    }.items()
)  # fmt: skip
_TRUNKS = " ".join(
    f"WHEN country IN ({', '.join(map(text_literal, codes))}) THEN {bared}"
    for trunk, bared in (("0", "ltrim(dialled, '0')"), ("06", "regexp_replace(dialled, '^06', '')"))
    if (codes := [code for code, country in COUNTRIES.items() if country.trunk == trunk])
)

_PAIRS = ", ".join(f"nullif(substr(rest, {place}, 2), '')" for place in range(3, 15, 2))
_THREES = ", ".join(
    f"CASE WHEN last >= {place} THEN substr(rest, {place - 2}, 3) END" for place in range(3, 15, 3)
)

FAKE_PHONE = function_statement(
    "fake_phone",
    "original text, home text, form text, room integer",
    "text",
    "plpgsql",
    f"""
DECLARE
  bare text := {bare("original")};
  dialled text := {WORK_SCHEMA}.dialled(bare);
  behind text := CASE WHEN left(bare, 1) = '+' THEN substr(bare, 2) WHEN left(bare, 2) = '00' THEN substr(bare, 3) END;
  country text := CASE WHEN behind IS NULL THEN home ELSE CASE {_CALLED} ELSE home END END;
  first text; place integer; trunk text; number text; separator text; plain text; pretty text; rest text;
  size integer; last integer;
BEGIN
  first := left(CASE WHEN left(dialled, 1) <> '0' THEN dialled {_TRUNKS} ELSE dialled END, 1);
  place := {_chosen()};
  trunk := {_of_range((country.trunk for country, _ in _RANGES), "name")}::text;
  number := {_of_range((taken.start for _, taken in _RANGES), "name")}::text || lpad((
    {_of_range((taken.first for _, taken in _RANGES), "bigint")}
    + (hashtextextended(dialled, current_setting('{Purpose.PHONE.setting}')::bigint) & {MOST})
      % {_of_range((10**taken.digits - taken.first for _, taken in _RANGES), "bigint")})::text,
    {_of_range((taken.digits for _, taken in _RANGES), "integer")}, '0');
  IF form = 'national' THEN RETURN trunk || number; END IF;
  IF form = 'e164' OR behind IS NOT NULL THEN
    plain := '+' || {_of_range((country.calling_code for country, _ in _RANGES), "name")}::text || number;
  ELSE
    plain := trunk || number;
  END IF;
  IF form = 'e164' OR bare = original THEN RETURN plain; END IF;
  -- the first sign between two digits; a pattern only where it is not the first sign of all
  rest := ltrim(original, '+(0123456789)');
  separator := CASE WHEN strpos(' ./-', left(rest, 1)) > 0 AND strpos('0123456789(', substr(rest, 2, 1)) > 0
    THEN left(rest, 1) ELSE substring(original from '[0-9)]([ ./-])[0-9(]') END;
  IF separator IS NULL THEN RETURN plain; END IF;
  -- a number is grouped with its trunk zero, whose place is empty behind a calling code: +33 6 39 98 12 34
  rest := trunk || number;
  size := length(rest);
  IF {_of_range((country.pairs for country, _ in _RANGES), "boolean")} THEN
    pretty := concat_ws(separator, left(rest, 2), {_PAIRS});
  ELSE  -- no group of one digit
    last := size - CASE size % 3 WHEN 0 THEN 3 WHEN 1 THEN 4 ELSE 2 END;
    pretty := concat_ws(separator, {_THREES}, substr(rest, last + 1));
  END IF;
  IF behind IS NOT NULL THEN
    pretty := left(plain, length(plain) - length(number)) || separator
      || substr(pretty, length(trunk) + 1);
  END IF;
  RETURN CASE WHEN length(pretty) <= room THEN pretty ELSE plain END;
END
""",
)
PHONES = (DIALLED, FAKE_PHONE)
