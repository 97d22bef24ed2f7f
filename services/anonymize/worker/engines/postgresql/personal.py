# SQL keeps its own lines.
# ruff: noqa: E501
"""The function that finds every e-mail, telephone number and IBAN in one value, for verification's scans.

PostgreSQL makes a pattern's states anew in every execution, so a long one costs ten times a cheap test. The pattern of
telephone numbers sees only what cannot be told from a run's first and last digits: numbers in unusual groups.
"""

from sqlalchemy import Text, column

from services.anonymize.worker.masks.contact import FEWEST_DIGITS, RESERVED
from services.anonymize.worker.masks.telephones import DIALLED, bare
from services.anonymize.worker.numbering import COUNTRIES, belongs_to_nobody
from services.anonymize.worker.shapes import (
    ACCOUNT,
    BARE_NUMBER,
    DIGITS,
    EMAIL,
    IBAN,
    PHONE,
    SHORTEST_EMAIL,
    SHORTEST_IBAN,
    SHORTEST_PHONE,
    normal_email,
    normal_iban,
)
from services.anonymize.worker.sql import WORK_SCHEMA, compiled, function_statement, text_literal

_LONGEST_RUN = 20
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_ADDRESS = rf"^{_OCTET}(?:\.{_OCTET}){{3}}$"
# A run that is long enough for a number.
_RUN = "[+]?[(]?[0-9][0-9 ./()-]{6,}[0-9]"

# What an IBAN begins with, where a word begins: its own pattern has every country in it.
_ACCOUNT = "(^|[^0-9A-Za-z_])[A-Za-z][A-Za-z][0-9][0-9][ -]?[0-9A-Za-z]{4}[ -]?[0-9A-Za-z]{4}"

# A masked address, which is found as an address: the digits of its hash are no telephone number, whichever they are.
# Counted repetitions cost more than the rest of a pattern, so its length says that there is a hash.
_IS_FAKE_EMAIL = (
    f"shape ~ '^[a-z]+[.]?[0-9a-f]+@[a-z0-9.-]+$' AND strpos(shape, '@') > {FEWEST_DIGITS + 1}"
    f" AND (right(shape, 8) = '.invalid' OR shape ~ {text_literal(RESERVED)})"
)

WORTHWHILE = (
    f"CASE WHEN octet_length(value) < {SHORTEST_EMAIL} THEN false WHEN mask IN ('email', 'phone', 'iban') THEN true"
    " WHEN strpos(value, '@') > 0 THEN true WHEN NOT value ~ '[0-9]' THEN false"
    # a code that is too short for an IBAN
    f" WHEN left(codes, 1) = '^' AND octet_length(value) < {SHORTEST_IBAN} AND value ~ codes THEN false"
    f" ELSE value ~ '{DIGITS}|{ACCOUNT}' END"
)
"""Whether a value is worth a call; the planner would run the pattern before the length, so CASE keeps its order."""

_EMAIL = compiled(normal_email(column("shape", Text)))
_IBAN = compiled(normal_iban(column("shape", Text)))


def _belongs_to_nobody() -> str:
    """SQL for whether `shape` is a number that belongs to nobody: the whole pattern sees what begins so."""
    starts: dict[tuple[int, int], list[str]] = {}
    for country in COUNTRIES.values():
        for taken in country.ranges:
            start = country.trunk + taken.start
            starts.setdefault((len(start), taken.digits), []).append(text_literal(start))
    begins = " OR ".join(
        f"length(shape) = {length + digits} AND left(shape, {length}) IN ({', '.join(some)})"
        for (length, digits), some in starts.items()
    )
    return f"({begins}) AND shape ~ {text_literal(belongs_to_nobody())}"


# A number that belongs to nobody names nobody, and a fake may well be the same.
_KEEP_PHONE = f"""
      shape := {WORK_SCHEMA}.dialled({bare("shape")});
      IF length(shape) >= {SHORTEST_PHONE} AND NOT (original AND {_belongs_to_nobody()}) THEN
        found := found || ('phone:' || shape);
      END IF;"""
_KEEP_EMAIL = f"""
      found := found || ('email:' || {_EMAIL});
      IF NOT original AND {_IS_FAKE_EMAIL} THEN
        searched := replace(searched, shape, ' ');
      END IF;"""
_KEEP_IBAN = f"shape := {_IBAN}; IF length(shape) >= {SHORTEST_IBAN} THEN found := found || ('iban:' || shape); END IF;"


_KEEP_UNLESS_BARE = f"""
      CONTINUE WHEN original AND mask = 'keep' AND shape ~ {text_literal(BARE_NUMBER)};
      {_KEEP_PHONE}"""


def _each(pattern: str, text: str, keep: str, has: str = "true") -> str:
    """Statements that do something with each `shape` in a text, which they consume."""
    return f"""
      WHILE {has} LOOP
        shape := substring({text} from {text_literal(pattern)});
        EXIT WHEN shape IS NULL;
        {text} := substr({text}, strpos({text}, shape) + length(shape));
        {keep}
      END LOOP;"""


# The mask says what a column holds, however it is written: then the whole value is what is looked for. An e-mail may
# have had a name around it; masked, it is alone.
PERSONAL = function_statement(
    "personal",
    "value text, mask text, phones boolean, original boolean, codes text",
    "text[]",
    "plpgsql",
    f"""
DECLARE
  found text[] := '{{}}'; shape text := value; searched text := value; rest text; run text; digits text;
  first text; second boolean; size integer; at integer; behind boolean;
BEGIN
  IF mask = 'email' AND NOT original THEN
    found := ARRAY['email:' || {_EMAIL}];
    IF {_IS_FAKE_EMAIL} THEN RETURN found; END IF;
  ELSIF strpos(value, '@') > 0 THEN
    rest := value;
    {_each(EMAIL, "rest", _KEEP_EMAIL, "strpos(rest, '@') > 0")}
  END IF;
  IF mask = 'iban' THEN
    shape := value;
    {_KEEP_IBAN}
    IF octet_length(value) > {_LONGEST_RUN + 2} AND value ~ '^[A-Za-z][A-Za-z][0-9]+$' THEN RETURN found; END IF;
  ELSIF octet_length(searched) >= {SHORTEST_IBAN} AND searched ~ '{ACCOUNT}' AND searched ~ '{_ACCOUNT}' THEN
    rest := searched;
    {_each(IBAN, "rest", _KEEP_IBAN)}
  END IF;
  IF NOT phones OR octet_length(value) < {SHORTEST_PHONE} THEN RETURN found; END IF;
  IF mask = 'phone' THEN
    shape := value;
    {_KEEP_PHONE}
    RETURN found;
  END IF;
  IF codes <> '' AND searched ~ '{DIGITS}' THEN searched := regexp_replace(searched, codes, ' ', 'g'); END IF;
  rest := searched;
  LOOP
    run := substring(rest from '{_RUN}');
    EXIT WHEN run IS NULL;
    at := strpos(rest, run);
    -- a long run right behind letters is an IBAN's, with any ten digits in it
    behind := octet_length(run) > {_LONGEST_RUN} AND at > 1 AND substr(rest, at - 1, 1) ~ '[A-Za-z]';
    rest := substr(rest, at + octet_length(run));
    CONTINUE WHEN behind OR octet_length(run) <= 12 AND left(run, 1) = '1';  -- no country's numbers begin so
    -- the longest address has fifteen characters
    CONTINUE WHEN octet_length(run) <= 15 AND strpos(run, '.') > 0 AND run ~ '{_ADDRESS}';
    digits := translate(run, ' ./-()', '');
    size := octet_length(digits);
    first := left(digits, 1);
    second := substr(digits, 2, 1) BETWEEN '1' AND '9';
    CONTINUE WHEN size <= 12 AND strpos('+036789', first) = 0
      AND (size <> 10 OR run = digits OR first < '2');  -- North America's numbers are parted
    IF NOT original THEN
      IF size BETWEEN {SHORTEST_PHONE} AND 16 THEN
        shape := run;
        {_KEEP_PHONE}
      END IF;
      CONTINUE WHEN size <= 12;
    END IF;
    IF run = digits THEN
      shape := CASE
        WHEN first = '+' THEN CASE WHEN second AND size >= 9 THEN left(run, 15) END
        WHEN left(run, 2) = '00' THEN CASE WHEN size >= 10 AND substr(run, 3, 1) <> '0' THEN left(run, 16) END
        WHEN first = '0' THEN CASE WHEN size BETWEEN 9 AND 12 THEN run END
        WHEN first = '3' THEN CASE WHEN size BETWEEN 9 AND 10 OR size BETWEEN 11 AND 12 AND left(run, 3) = '393'
          OR size = 11 AND (left(run, 2) = '33' AND substr(run, 3, 1) <> '0' OR left(run, 2) = '34' AND substr(run, 3, 1) >= '6')
          THEN run END
        WHEN first >= '6' AND size = 9 THEN run END;
      CONTINUE WHEN shape IS NULL;
    ELSIF strpos(run, '(') = 0 AND strpos(translate(run, './-', '   '), '  ') = 0 AND left(run, 2) = left(digits, 2)
      AND (first = '+' AND second AND size BETWEEN 9 AND 15
        OR first = '0' AND second AND size BETWEEN 9 AND 12
          AND NOT (strpos('./-', substr(run, 3, 1)) > 0 AND strpos('./-', substr(run, 6, 1)) > 0)
        OR substr(run, 3, 1) = substr(digits, 3, 1)
          AND (first = '3' AND size BETWEEN 9 AND 10 OR first BETWEEN '6' AND '9' AND size = 9)) THEN
      shape := run;
    ELSE
      {_each(PHONE, "run", _KEEP_UNLESS_BARE)}
      CONTINUE;
    END IF;
    {_KEEP_UNLESS_BARE}
  END LOOP;
  RETURN found;
END
""",
)
SEARCHING = (DIALLED, PERSONAL)
