# SQL keeps its own lines.
# ruff: noqa: E501
"""Keyed permutations as stored functions, and the check digits that follow from what they permute.

The names and meanings are those of `masks.permuting`; the fakes are others.
"""

import re

from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, text_literal, variable
from services.anonymize.worker.engines.mysql.stored import stored
from services.anonymize.worker.masks.formats import CONTROL, DNI
from services.anonymize.worker.masks.permuting import ACCENTED, LETTERS, PIECE, halves
from services.anonymize.worker.sql import KEY_SETTING

KEY = variable(KEY_SETTING)


def _drawn(half: str) -> str:
    """56 bits that a half of the number draws."""
    return f"CAST(CONV(LEFT(SHA2(CONCAT(secret, {half}), 256), 14), 16, 10) AS UNSIGNED)"


# A Feistel network over two halves of nearly equal size, four rounds of SHA-256 under the run's key; what falls outside
# of the size is permuted again, until it falls inside. Bijective by construction.
_ROUNDS = f"""
    SET one = (one + {_drawn("'a', two")}) % high;
    SET two = (two + {_drawn("'b', one")}) % low;
    SET one = (one + {_drawn("'c', two")}) % high;
    SET two = (two + {_drawn("'d', one")}) % low;"""
PERMUTED = stored(
    "permuted", "value BIGINT, size BIGINT, tweak text", "BIGINT",
    f"""
BEGIN
  DECLARE secret text DEFAULT CONCAT({KEY}, ':permuted:', tweak, ':');
  DECLARE high BIGINT UNSIGNED DEFAULT CEIL(SQRT(size)) + 1;
  DECLARE low BIGINT UNSIGNED DEFAULT (size + high - 1) DIV high;
  DECLARE one BIGINT UNSIGNED DEFAULT value DIV low;
  DECLARE two BIGINT UNSIGNED DEFAULT value % low;
  REPEAT {_ROUNDS}
  UNTIL one * low + two < size END REPEAT;
  RETURN one * low + two;
END""",
)  # fmt: skip

# The same for a Spanish DNI's eight digits, which come as the network's two halves: every statement of a function costs
# a row a microsecond, and this one has five. NULL where the network must be walked on.
_DNI_HIGH, _DNI_LOW = halves(DNI.size)
_DNI_ROUNDS = re.sub(r"\bhigh\b", str(_DNI_HIGH), re.sub(r"\blow\b", str(_DNI_LOW), _ROUNDS)).replace(
    "CONCAT(secret,", f"CONCAT({KEY}, ':permuted:{DNI.name}:',"
)
_DNI = f"(one * {_DNI_LOW} + two)"
FAKE_DNI = stored(
    "fake_dni", "one BIGINT UNSIGNED, two BIGINT UNSIGNED", "short",
    f"""
BEGIN {_DNI_ROUNDS}
  RETURN IF({_DNI} < {DNI.size}, CONCAT(LPAD({_DNI}, 8, '0'), SUBSTR({CONTROL}, 1 + {_DNI} % 23, 1)), NULL);
END""",
)  # fmt: skip


def fake_dni(value: str) -> str:
    """The fake of a valid DNI without separators; NULL for any other value and, once in ten thousand, for one."""
    number = f"LEFT({value}, 8)"
    halves = f"{number} DIV {_DNI_LOW}, {number} % {_DNI_LOW}"
    valid = f"{value} REGEXP '{DNI.pattern}' AND RIGHT({value}, 1) = SUBSTR({CONTROL}, 1 + {number} % 23, 1)"
    return f"CASE WHEN {valid} THEN {WORK_DATABASE}.fake_dni({halves}) END"


# Every letter becomes a letter of its kind and every digit a digit; case, punctuation and spaces stay. Chunks of up
# to 10^15 combinations are permuted one after the other, each under everything that stands before it, so that the
# whole is a permutation of the texts of one shape. Letters beyond Latin-1 move within their block of 32 code points.
SCRAMBLED = stored(
    "scrambled", "original text, tweak text", "text",
    f"""
BEGIN
  DECLARE total INT DEFAULT CHAR_LENGTH(original);
  DECLARE place, kind, radix, digit, first INT DEFAULT 1;
  DECLARE code BIGINT;
  DECLARE number, size BIGINT DEFAULT 0;
  DECLARE letter, low short;
  DECLARE kinds, capitals, chunk, part, shape, plain, fake, made, piece text DEFAULT '';
  SET size = 1;
  WHILE place <= total DO
    IF place % {PIECE} = 1 THEN SET piece = SUBSTR(original, place, {PIECE}), made = CONCAT(made, fake), fake = ''; END IF;
    SET letter = SUBSTR(piece, (place - 1) % {PIECE} + 1, 1), code = ORD(letter);
    IF code > 127 THEN SET code = CONV(HEX(CONVERT(letter USING utf32)), 16, 10); END IF;
    SET low = IF(code < 256, LOWER(letter), letter);
    SET kind = CASE WHEN code BETWEEN 48 AND 57 THEN 1 WHEN code BETWEEN 65 AND 90 OR code BETWEEN 97 AND 122 THEN 2
      WHEN code < 256 THEN IF(LOCATE(low, {text_literal(ACCENTED)}) > 0, 3, 0)
      WHEN {LETTERS} THEN 4 ELSE 0 END;
    SET radix = ELT(1 + kind, 1, 10, 26, {len(ACCENTED)}, 32);
    SET digit = CASE kind WHEN 0 THEN 0 WHEN 1 THEN code - 48 WHEN 2 THEN (code & 31) - 1 WHEN 3 THEN LOCATE(low, {text_literal(ACCENTED)}) - 1 ELSE code % 32 END;
    SET number = number * radix + digit, size = size * radix;
    SET kinds = CONCAT(kinds, kind), capitals = CONCAT(capitals, IF(low = letter, 0, 1));
    SET shape = CONCAT(shape, CASE kind WHEN 0 THEN low WHEN 4 THEN CONCAT('<', code DIV 32, '>') ELSE ELT(kind, '9', 'a', 'é') END);
    SET chunk = CONCAT(chunk, low);
    IF size > 100000000000000 OR place = total THEN
      IF size > 1 THEN
        SET number = own.permuted(number, size, CONCAT('scrambled:', tweak, ':', shape, ':', total, ':', plain));
      END IF;
      SET plain = CONCAT(plain, chunk), part = '', digit = place - first + 1;
      WHILE digit > 0 DO
        SET kind = SUBSTR(kinds, digit, 1), radix = ELT(1 + kind, 1, 10, 26, {len(ACCENTED)}, 32);
        SET low = CASE kind WHEN 0 THEN SUBSTR(chunk, digit, 1) WHEN 1 THEN number % 10
          WHEN 2 THEN CHAR(97 + number % 26 USING utf8mb4) WHEN 3 THEN SUBSTR({text_literal(ACCENTED)}, 1 + number % {len(ACCENTED)}, 1)
          ELSE CONVERT(CONVERT(UNHEX(LPAD(HEX(CONV(HEX(CONVERT(SUBSTR(chunk, digit, 1) USING utf32)), 16, 10) DIV 32 * 32 + number % 32), 8, '0')) USING utf32) USING utf8mb4) END;
        SET part = CONCAT(IF(SUBSTR(capitals, digit, 1) = '1' AND kind > 0, UPPER(low), low), part);
        SET number = number DIV radix, digit = digit - 1;
      END WHILE;
      SET fake = CONCAT(fake, part), first = place + 1, number = 0, size = 1, kinds = '', capitals = '', chunk = '';
      IF CHAR_LENGTH(plain) > {PIECE} THEN SET plain = SHA2(plain, 256), shape = ''; END IF;
    END IF;
    SET place = place + 1;
  END WHILE;
  RETURN CONCAT(made, fake);
END""",
)  # fmt: skip

# An identifier's letters and digits as they are compared, and a fake's letters and digits in an original's writing.
COMPACT = stored(
    "compact", "original text", "text",
    "RETURN IF(original REGEXP '^[A-Z0-9]*$', original, UPPER(REGEXP_REPLACE(original, '[^A-Za-z0-9]', '')))",
)  # fmt: skip

POURED = stored(
    "poured", "fake text, original text", "text",
    """
BEGIN
  DECLARE made text DEFAULT '';
  DECLARE letter short;
  DECLARE place, used INT DEFAULT 0;
  DECLARE code BIGINT;
  DECLARE total INT DEFAULT CHAR_LENGTH(original);
  IF original REGEXP '^[A-Z0-9]*$' THEN RETURN fake; END IF;
  WHILE place < total DO
    SET place = place + 1, letter = SUBSTR(original, place, 1), code = ORD(letter);
    IF code BETWEEN 48 AND 57 OR code BETWEEN 65 AND 90 THEN SET used = used + 1, letter = SUBSTR(fake, used, 1);
    ELSEIF code BETWEEN 97 AND 122 THEN SET used = used + 1, letter = LOWER(SUBSTR(fake, used, 1));
    END IF;
    SET made = CONCAT(made, letter);
  END WHILE;
  RETURN made;
END""",
)  # fmt: skip

# One expression over at most 18 digits: a loop costs several times as much.
_LUHN_SUM = " + ".join(
    f"number DIV {10**place} % 10" if place % 2 else f"ELT(1 + number DIV {10**place} % 10, 0, 2, 4, 6, 8, 1, 3, 5, 7, 9)"
    for place in range(18)
)  # fmt: skip
LUHN = stored(
    "luhn", "body short", "short",
    f"BEGIN DECLARE number BIGINT DEFAULT body; RETURN CAST((10 - CAST({_LUHN_SUM} AS SIGNED) % 10) % 10 AS CHAR); END",
)  # fmt: skip

WEIGHTED = stored(
    "weighted", "body short, weights short", "INT",
    """
BEGIN
  DECLARE total, place INT DEFAULT 0;
  DECLARE rest short DEFAULT TRIM(BOTH '}' FROM TRIM(BOTH '{' FROM weights));
  WHILE place < CHAR_LENGTH(body) DO
    SET place = place + 1, total = total + SUBSTR(body, place, 1) * SUBSTRING_INDEX(rest, ',', 1);
    SET rest = SUBSTR(rest, LOCATE(',', rest) + 1);
  END WHILE;
  RETURN total;
END""",
)  # fmt: skip

WITH_LUHN = stored("with_luhn", "body short", "short", "RETURN CONCAT(body, own.luhn(body))")

# France's social security key: Corsica's letters count as 19 and 18.
WITH_NIR_KEY = stored(
    "with_nir_key", "body short", "short",
    "RETURN CONCAT(body, LPAD(97 - CAST(REPLACE(REPLACE(body, '2A', '19'), '2B', '18') AS SIGNED) % 97, 2, '0'))",
)  # fmt: skip

# Italy's check letter: characters count differently in odd and even places.
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_WORTH = (
    ", ".join(map(str, (*range(10), *range(26)))),
    ", ".join(map(str, (*_ODD[:10], *_ODD))),
)
_CODICE_SUM = " + ".join(
    f"ELT(LOCATE(SUBSTR(body, {place}, 1), '{_SIGNS}'), {_WORTH[place % 2]})" for place in range(1, 16)
)
WITH_CODICE_LETTER = stored(
    "with_codice_letter", "body short", "short",
    f"RETURN CONCAT(body, CHAR(65 + CAST({_CODICE_SUM} AS SIGNED) % 26 USING utf8mb4))",
)  # fmt: skip

# ISO 7064 MOD 11,10: Germany's tax numbers.
MOD_11_10 = stored(
    "mod_11_10", "body short", "short",
    """
BEGIN
  DECLARE carried INT DEFAULT 5;
  DECLARE place INT DEFAULT 0;
  WHILE place < CHAR_LENGTH(body) DO
    SET place = place + 1, carried = (IF(carried = 0, 10, carried) * 2) % 11;
    SET carried = (carried + SUBSTR(body, place, 1)) % 10;
  END WHILE;
  RETURN CAST((11 - (IF(carried = 0, 10, carried) * 2) % 11) % 10 AS CHAR);
END""",
)  # fmt: skip

# Whether exactly one digit comes twice or three times, and every other one once at most.
REPEATS_ONE_DIGIT = stored(
    "repeats_one_digit", "body short", "BOOLEAN",
    """
BEGIN
  DECLARE digit, twice, more INT DEFAULT 0;
  DECLARE times INT;
  WHILE digit < 10 DO
    SET times = CHAR_LENGTH(body) - CHAR_LENGTH(REPLACE(body, digit, '')), digit = digit + 1;
    IF times > 3 THEN RETURN FALSE; END IF;
    IF times > 1 THEN SET twice = twice + 1; END IF;
  END WHILE;
  RETURN twice = 1;
END""",
)  # fmt: skip

# A whole number becomes another of as many digits, which its type holds too.
SCRAMBLED_NUMBER = stored(
    "scrambled_number", "original DECIMAL(20, 0), most DECIMAL(20, 0)", "DECIMAL(20, 0)",
    """
BEGIN
  DECLARE positive DECIMAL(20, 0) DEFAULT ABS(original);
  DECLARE width INT DEFAULT CHAR_LENGTH(positive);
  DECLARE low DECIMAL(20, 0) DEFAULT RPAD('1', width, '0');
  DECLARE size DECIMAL(20, 0) DEFAULT LEAST(CAST(RPAD('9', width, '9') AS DECIMAL(20, 0)), most) - low + 1;
  IF original = 0 OR positive > most THEN RETURN original; END IF;
  RETURN SIGN(original) * (own.permuted(positive - low, size, CONCAT('number:', width)) + low);
END""",
)  # fmt: skip

PERMUTING = {
    "permuted": PERMUTED, "fake_dni": FAKE_DNI, "scrambled": SCRAMBLED, "compact": COMPACT, "poured": POURED, "luhn": LUHN,
    "weighted": WEIGHTED, "with_luhn": WITH_LUHN, "with_nir_key": WITH_NIR_KEY,
    "with_codice_letter": WITH_CODICE_LETTER, "mod_11_10": MOD_11_10, "repeats_one_digit": REPEATS_ONE_DIGIT,
    "scrambled_number": SCRAMBLED_NUMBER,
}  # fmt: skip
