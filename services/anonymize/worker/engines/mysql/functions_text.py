# SQL keeps its own lines.
# ruff: noqa: E501
"""Stored functions for texts and addresses that are written otherwise than PostgreSQL's."""

from services.anonymize.worker.engines.mysql.sql import pattern, text_literal, variable
from services.anonymize.worker.engines.mysql.stored import stored
from services.anonymize.worker.masks.permuting import LOWER, UPPER
from services.anonymize.worker.shapes import EMAIL, IBAN, IPV4, PHONE, URL
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

# As many letters and digits as wanted, from one digest after the other; two bytes choose each.
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
  DECLARE made text DEFAULT '';
  WHILE place < wanted DO
    IF place % 16 = 0 THEN SET digest = SHA2(CONCAT({KEY}, ':{Purpose.ACCESS.value}:', place, ':', original), 256); END IF;
    SET made = CONCAT(made, SUBSTR(alphabet, 1 + CONV(SUBSTR(digest, 1 + place % 16 * 4, 4), 16, 10) % size, 1)), place = place + 1;
  END WHILE;
  RETURN made;
END""",
)  # fmt: skip

TEXTS = {"spoken": SPOKEN, "fake_token": FAKE_TOKEN}
