# SQL keeps its own lines.
# ruff: noqa: E501
"""The function that finds every e-mail, telephone number and IBAN in one value, for verification's scans.

It returns keyed digests and no value: the elements of a JSON array, `[place, "kind", "digest"]`, where `place` says
which column of the row the value stands in. A long text is gone through from one find to the next, and no pattern sees
more than a piece of it.
"""

from services.anonymize.worker.engines.mysql.sql import pattern, text_literal, variable
from services.anonymize.worker.engines.mysql.stored import stored
from services.anonymize.worker.engines.mysql.values import functions_for
from services.anonymize.worker.keys import DIGEST_KEY_SETTING
from services.anonymize.worker.numbering import belongs_to_nobody
from services.anonymize.worker.shapes import (
    BARE_NUMBER,
    IBAN,
    IBAN_LENGTHS,
    PHONE,
    SHORTEST_IBAN,
    SHORTEST_PHONE,
)

SURVIVORS, ORIGINALS, FAKE_PHONES, FAKE_IBANS = range(4)
"""What is wanted: what was left by masking, what is there before, and what `range: any` will make of it."""

FAKE = " fake"  # behind a kind: digests of fakes that come from the originals' own range
_LONGEST_RUN = 20
_LOCAL, _DOMAIN = 128, 256  # characters before and behind an @ that are looked at
_BEFORE = f"SUBSTR(rest, GREATEST(1, at - {_LOCAL}), LEAST({_LOCAL}, at - 1))"
_BEHIND_AT = r"^@[[:alnum:]-]+(?:\.[[:alnum:]-]+)+"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_ADDRESS = rf"^{_OCTET}(?:\.{_OCTET}){{3}}$"
_DIGITS = "[0-9][0-9 ./()-]{6,}[0-9]"
_RUN = "[A-Za-z]?[+]?[(]?[0-9][0-9 ./()-]{5,}[0-9]"
_ACCOUNT = "[A-Za-z]{2}[0-9]{2}[ -]?[0-9A-Za-z]{4}"
WORTHWHILE = f"@|{_DIGITS}|{_ACCOUNT}"
"""A value that this does not find in is not worth a call."""


def _regular(expression: str) -> str:
    return text_literal(pattern(expression))


def _found(expression: str, text: str) -> str:
    """SQL for what a pattern finds first; MySQL says NULL where MariaDB says nothing."""
    return f"COALESCE(REGEXP_SUBSTR({text}, {_regular(expression)}), '')"


def _without(text: str, letters: str) -> str:
    for letter in letters:
        text = f"REPLACE({text}, '{letter}', '')"
    return text


def _bare(number: str) -> str:
    """A number without what people write between its digits; a no-break space is among it."""
    return _without(f"REPLACE({number}, '(0)', '')", " ./-()\t\u00a0")


def _country_lengths() -> str:
    lengths: dict[int, list[str]] = {}
    for country, length in IBAN_LENGTHS.items():
        lengths.setdefault(length, []).append(text_literal(country))
    return " ".join(
        f"WHEN LEFT(shape, 2) IN ({', '.join(some)}) THEN {length}" for length, some in lengths.items()
    )


_KEY = variable(DIGEST_KEY_SETTING)


def _keep(kind: str) -> str:
    named = f"IF(wanted > {ORIGINALS}, '{kind}{FAKE}', '{kind}')"
    digest = f"LEFT(SHA2(CONCAT({_KEY}, ':{kind}:', shape), 256), 32)"
    return f"""SET found = CONCAT_WS(',', found, CONCAT('[', place, ',"', {named}, '","', {digest}, '"]'));"""


_KEEP_EMAIL = f"IF wanted <= {ORIGINALS} THEN {_keep('email')} END IF;"
# A number that belongs to nobody names nobody, and a fake may well be the same.
_KEEP_PHONE = f"""
    SET shape = own.dialled({_bare("shape")});
    IF wanted <> {FAKE_IBANS} AND CHAR_LENGTH(shape) >= {SHORTEST_PHONE} AND NOT (wanted <> {SURVIVORS} AND shape REGEXP {_regular(belongs_to_nobody())}) THEN
      IF wanted = {FAKE_PHONES} THEN SET shape = own.fake_any_phone(shape), shape = own.dialled({_bare("shape")}); END IF;
      {_keep("phone")}
    END IF;"""
_NORMAL_IBAN = f"""
    SET shape = UPPER({_without("shape", " -.")});
    SET shape = LEFT(shape, CASE {_country_lengths()} ELSE 64 END);"""
_KEEP_IBAN = f"""{_NORMAL_IBAN}
    IF wanted <> {FAKE_PHONES} AND CHAR_LENGTH(shape) >= {SHORTEST_IBAN} THEN
      IF wanted = {FAKE_IBANS} THEN SET shape = own.fake_any_iban(shape);{_NORMAL_IBAN} END IF;
      {_keep("iban")}
    END IF;"""


def _each(expression: str, text: str, keep: str, label: str) -> str:
    """Statements that do something with each `shape` in a text, which they consume."""
    return f"""
  {label}: LOOP
    SET shape = {_found(expression, text)};
    IF shape = '' THEN LEAVE {label}; END IF;
    SET {text} = SUBSTR({text}, LOCATE(shape, {text}) + CHAR_LENGTH(shape));
    {keep}
  END LOOP;"""


# The mask says what a column holds, however it is written: then the whole value is what is looked for. An e-mail may have
# had a name around it; masked, it is alone. A server that gives up on a pattern would find nothing: that is an error.
PERSONAL = stored(
    "personal", "written text, place INT, mask short, phones BOOLEAN, wanted INT", "text",
    f"""
BEGIN
  DECLARE found, rest, shape, word, run, digits, head, tail text;
  DECLARE at INT;
  DECLARE EXIT HANDLER FOR 1139 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a pattern could not be looked for in a value';
  IF mask = 'email' AND wanted = {SURVIVORS} THEN
    SET shape = LOWER(TRIM(written));
    {_KEEP_EMAIL}
  ELSE
    SET rest = written;
    emails: LOOP
      SET at = LOCATE('@', rest);
      IF at = 0 THEN LEAVE emails; END IF;
      SET head = {_found("[[:alnum:]._%+-]+$", _BEFORE)};
      SET tail = {_found(_BEHIND_AT, f"SUBSTR(rest, at, {_DOMAIN})")};
      IF head <> '' AND tail <> '' THEN
        SET shape = LOWER(CONCAT(head, tail));
        {_KEEP_EMAIL}
      END IF;
      SET rest = SUBSTR(rest, at + GREATEST(1, CHAR_LENGTH(tail)));
    END LOOP;
  END IF;
  IF mask = 'iban' THEN
    SET shape = written;
    {_KEEP_IBAN}
  ELSEIF CHAR_LENGTH(written) >= {SHORTEST_IBAN} AND written REGEXP {_regular(_ACCOUNT)} THEN
    SET rest = written;
    {_each(IBAN, "rest", _KEEP_IBAN, "ibans")}
  END IF;
  IF NOT phones OR CHAR_LENGTH(written) < {SHORTEST_PHONE} THEN RETURN found; END IF;
  IF mask = 'phone' THEN
    SET shape = written;
    {_KEEP_PHONE}
    RETURN found;
  END IF;
  SET rest = written;
  runs: LOOP
    SET word = {_found(_RUN, "rest")};
    IF word = '' THEN LEAVE runs; END IF;
    SET rest = SUBSTR(rest, LOCATE(word, rest) + CHAR_LENGTH(word));
    SET run = IF(word REGEXP '^[A-Za-z]', SUBSTR(word, 2), word), digits = {_without("run", " ./-()")};
    IF CHAR_LENGTH(run) < {SHORTEST_PHONE}
      -- a long run right behind letters is an IBAN's, with any ten digits in it
      OR (CHAR_LENGTH(run) <> CHAR_LENGTH(word) AND CHAR_LENGTH(run) > {_LONGEST_RUN})
      OR (CHAR_LENGTH(digits) <= 12 AND LOCATE(LEFT(digits, 1), '+036789') = 0
        AND (CHAR_LENGTH(digits) <> 10 OR run = digits OR LEFT(digits, 1) < '2'))
      OR (LOCATE('.', run) > 0 AND run REGEXP {_regular(_ADDRESS)}) THEN
      ITERATE runs;
    END IF;
    IF wanted = {SURVIVORS} THEN
      IF CHAR_LENGTH(digits) BETWEEN {SHORTEST_PHONE} AND 16 THEN
        SET shape = run;
        {_KEEP_PHONE}
      END IF;
      IF CHAR_LENGTH(digits) <= 12 THEN ITERATE runs; END IF;
    END IF;
    {_each(PHONE, "run", f"IF wanted = {SURVIVORS} OR mask <> 'keep' OR shape NOT REGEXP {_regular(BARE_NUMBER)} THEN {_KEEP_PHONE} END IF;", "numbers")}
  END LOOP;
  RETURN found;
END""",
)  # fmt: skip


def searching_functions() -> tuple[str, ...]:
    """The statements that make the function and those that it calls, these first."""
    return (*functions_for((PERSONAL,)), PERSONAL)
