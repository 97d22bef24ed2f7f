# SQL keeps its own lines.
# ruff: noqa: E501
"""Stored functions for texts and addresses that are written otherwise than PostgreSQL's."""

from services.anonymize.worker.engines.mysql.patterns import either, pattern
from services.anonymize.worker.engines.mysql.sql import text_literal, variable
from services.anonymize.worker.engines.mysql.stored import stored
from services.anonymize.worker.masks.iban import _WEIGHTS
from services.anonymize.worker.masks.permuting import LOWER, PIECE, UPPER
from services.anonymize.worker.masks.ranges import _FOUR as FOUR
from services.anonymize.worker.masks.ranges import _SIX as SIX
from services.anonymize.worker.masks.ranges import IPV6_BITS
from services.anonymize.worker.shapes import CARD, EMAIL, IBAN, IPV4, IPV6, PHONE, URL
from services.anonymize.worker.sql import KEY_SETTING, Purpose

KEY = variable(KEY_SETTING)


def _regular(expression: str) -> str:
    return text_literal(pattern(expression))


# An IBAN's letters count 10 to 35.
SPOKEN = stored(
    "spoken", "bban short", "short",
    """
BEGIN
  DECLARE place INT DEFAULT 0;
  DECLARE sign, made short DEFAULT '';
  WHILE place < CHAR_LENGTH(bban) DO
    SET place = place + 1, sign = SUBSTR(bban, place, 1);
    SET made = CONCAT(made, IF(sign BETWEEN 'A' AND 'Z', ORD(sign) - 55, sign));
  END WHILE;
  RETURN made;
END""",
)  # fmt: skip

IN_FOURS = stored(
    "in_fours", "whole short", "short",
    """
BEGIN
  DECLARE place INT DEFAULT (CHAR_LENGTH(whole) - 1) DIV 4 * 4 + 1;
  DECLARE made short DEFAULT whole;
  WHILE place > 1 DO
    SET made = INSERT(made, place, 0, ' '), place = place - 4;
  END WHILE;
  RETURN made;
END""",
)  # fmt: skip

# As many letters and digits as wanted, from one digest after the other; two bytes choose each.
# Spain's two control digits, from the four and the ten digits that stand behind 9999, and the IBAN's own.
_BRANCH = " + ".join(f"SUBSTR(drawn, {place}, 1) * {weight}" for place, weight in enumerate(_WEIGHTS[6:], 1))
_NUMBER = " + ".join(f"SUBSTR(drawn, {place}, 1) * {weight}" for place, weight in enumerate(_WEIGHTS, 5))
_CONTROLS = "ELT(1 + CAST({} AS SIGNED) % 11, '0', '1', '9', '8', '7', '6', '5', '4', '3', '2', '1')"
_SPANISH = (
    f"CONCAT('9999', LEFT(drawn, 4), {_CONTROLS.format(f'{9 * sum(_WEIGHTS[2:6])} + {_BRANCH}')},"
    f" {_CONTROLS.format(_NUMBER)}, SUBSTR(drawn, 5))"
)
SPANISH_IBAN = stored(
    "spanish_iban", "drawn short", "short",
    f"RETURN CONCAT('ES', LPAD(98 - CAST(CONCAT({_SPANISH}, '142800') AS DECIMAL(65, 0)) % 97, 2, '0'), {_SPANISH})",
)  # fmt: skip

FAKE_TOKEN = stored(
    "fake_token", "original text, wanted INT", "text",
    f"""
BEGIN
  DECLARE alphabet short DEFAULT CASE WHEN original REGEXP '^[0-9]+$' THEN '0123456789' WHEN original REGEXP '^[0-9a-f-]+$' THEN '0123456789abcdef'
    WHEN original REGEXP '^[0-9A-F-]+$' THEN '0123456789ABCDEF' WHEN original REGEXP '^[0-9A-Z-]+$' THEN {text_literal("0123456789" + UPPER)}
    ELSE {text_literal("0123456789" + LOWER + UPPER)} END;
  DECLARE size INT DEFAULT CHAR_LENGTH(alphabet);
  DECLARE place INT DEFAULT 0;
  DECLARE digest short DEFAULT '';
  DECLARE made, part text DEFAULT '';
  IF CHAR_LENGTH(original) > {PIECE} THEN SET original = SHA2(original, 256); END IF;
  WHILE place < wanted DO
    IF place % 16 = 0 THEN SET made = CONCAT(made, part), part = '', digest = SHA2(CONCAT({KEY}, ':{Purpose.ACCESS.value}:', place, ':', original), 256); END IF;
    SET part = CONCAT(part, SUBSTR(alphabet, 1 + CONV(SUBSTR(digest, 1 + place % 16 * 4, 4), 16, 10) % size, 1)), place = place + 1;
  END WHILE;
  RETURN CONCAT(made, part);
END""",
)  # fmt: skip

# In this order, behind URLs, which may hold addresses: an IP address begins like some telephone numbers.
SHAPES = (
    (EMAIL, "[email]"),
    (IBAN, "[iban]"),
    (CARD, "[card]"),
    (IPV4, "[ip]"),
    (IPV6, "[ip]"),
    (PHONE, "[phone]"),
)


def redacted(value: str, replaced: str = "REGEXP_REPLACE(") -> str:
    """The shapes' places in a text, as an expression. A function compiles a pattern whenever it is called, and a query
    each of its constant ones once."""
    made = f"REGEXP_REPLACE({value}, {_regular('(?i)' + URL)}, '[url]')"  # whose end may be far away
    for shape, instead in SHAPES:
        made = f"{replaced}{made}, {_regular(shape)}, '{instead}')"
    return f"CASE WHEN {value} REGEXP '[0-9@]' OR LOCATE('://', {value}) > 0 THEN {made} ELSE {value} END"


# MySQL's own function gives up on a long text.
_REPLACED = either(mariadb="REGEXP_REPLACE(", mysql="own.replaced(")

# Names and patterns come as JSON arrays; a name stands between \\Q and \\E, where nothing has a meaning.
REDACTED = stored(
    "redacted", "original text, names text, patterns text", "text",
    f"""
BEGIN
  DECLARE kept text DEFAULT original;
  DECLARE place INT DEFAULT 0;
  WHILE place < COALESCE(JSON_LENGTH(patterns), 0) DO
    SET kept = REGEXP_REPLACE(kept, JSON_UNQUOTE(JSON_EXTRACT(patterns, CONCAT('$[', place, ']'))), '[redacted]'), place = place + 1;
  END WHILE;
  SET kept = {redacted("kept", _REPLACED)};
  RETURN own.named(kept, names);
END""",
)  # fmt: skip

NAMED = stored(
    "named", "original text, names text", "text",
    f"""
BEGIN
  DECLARE kept, waiting text;
  DECLARE name text;
  DECLARE place, longest INT;
  SET kept = original, waiting = names;
  WHILE COALESCE(JSON_LENGTH(waiting), 0) > 0 DO
    -- a whole name goes before its parts
    SET place = JSON_LENGTH(waiting) - 1, longest = place;
    WHILE place > 0 DO
      SET place = place - 1;
      IF CHAR_LENGTH(JSON_EXTRACT(waiting, CONCAT('$[', place, ']'))) > CHAR_LENGTH(JSON_EXTRACT(waiting, CONCAT('$[', longest, ']'))) THEN
        SET longest = place;
      END IF;
    END WHILE;
    SET name = JSON_EXTRACT(waiting, CONCAT('$[', longest, ']')), waiting = JSON_REMOVE(waiting, CONCAT('$[', longest, ']'));
    SET name = IF(JSON_TYPE(name) = 'NULL', NULL, TRIM(REPLACE(JSON_UNQUOTE(name), '\\E', '')));
    -- one letter would take every such letter for a name
    IF CHAR_LENGTH(name) > 1 AND LOCATE(LOWER(name), LOWER(kept)) > 0 THEN
      SET kept = {_REPLACED}kept, CONCAT('(?i)(?<![[:alnum:]_])\\Q', name, '\\E(?![[:alnum:]_])'), '[name]');
    END IF;
  END WHILE;
  RETURN kept;
END""",
)  # fmt: skip

# IPv4 is permuted as a whole; of 2001:db8::/32 there are 96 bits to hash into, which is as good.
ANY_IP = stored(
    "fake_any_ip", "original text, room INT", "text",
    f"""
BEGIN
  DECLARE made text DEFAULT original;
  IF original REGEXP '{FOUR}' THEN
    RETURN INET_NTOA(own.permuted(INET_ATON(original), 4294967296, 'ipv4'));
  END IF;
  IF original REGEXP '{SIX}' AND room >= 39 THEN
    RETURN INET6_NTOA(UNHEX(CONCAT('20010db8', LEFT(SHA2(CONCAT({KEY}, ':{Purpose.IP.value}:', LOWER(original)), 256), {IPV6_BITS // 4}))));
  END IF;
  REPEAT SET made = own.scrambled(made, 'ip');
  UNTIL made NOT REGEXP '{FOUR}' AND (made NOT REGEXP '{SIX}' OR room < 39) END REPEAT;
  RETURN made;
END""",
)  # fmt: skip

TEXTS = {
    "spoken": SPOKEN,
    "in_fours": IN_FOURS,
    "spanish_iban": SPANISH_IBAN,
    "fake_token": FAKE_TOKEN,
    "redacted": REDACTED,
    "named": NAMED,
    "fake_any_ip": ANY_IP,
}
