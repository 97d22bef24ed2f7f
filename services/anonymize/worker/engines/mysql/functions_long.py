"""Stored functions that go through a text with a pattern, however long it is: on MySQL piece by piece.

A piece is as long as what MySQL looks through at once, and so much longer that a find which begins in it
ends in it too. It has the character before it at its head, for what looks behind, where no find may begin:
MySQL's functions see nothing before the place where they are told to start. So what is found is what one
search through the whole text would find.
"""

from services.anonymize.worker.engines.mysql.patterns import FITS, LONGEST, either
from services.anonymize.worker.engines.mysql.stored import stored


def _pieces(on_find: str, between: str = "") -> str:
    """Statements that do something with every `find` in `original`, and with what stands `between`."""
    return f"""
  DECLARE behind_head text DEFAULT CONCAT('(?!\\A)(?:', pattern, ')');
  DECLARE total INT DEFAULT CHAR_LENGTH(original);
  DECLARE start, size, gone, ahead INT DEFAULT 1;
  DECLARE piece, find, done, made text DEFAULT '';
  WHILE start <= total DO
    SET piece = SUBSTR(original, start, {FITS + LONGEST}), size = CHAR_LENGTH(piece), gone = 0, done = '';
    SET piece = CONCAT(IF(start = 1, '\n', SUBSTR(original, start - 1, 1)), piece);
    REPEAT
      SET find = NULL, ahead = REGEXP_INSTR(piece, behind_head) - 2;
      IF ahead >= 0 AND (gone + ahead < {FITS} OR start + size > total) THEN
        SET find = REGEXP_SUBSTR(piece, behind_head);
        {between}
        {on_find}
        SET ahead = ahead + CHAR_LENGTH(find), gone = gone + ahead, piece = SUBSTR(piece, ahead + 1);
      END IF;
    UNTIL find IS NULL OR gone >= {FITS} END REPEAT;
    IF find IS NULL THEN
      SET ahead = IF(start + size > total, size, {FITS}) - gone, gone = gone + ahead;
      {between}
    END IF;
    SET start = start + gone, made = CONCAT(made, done);
  END WHILE;
  RETURN made;"""


# MySQL's version alone has the words for it; MariaDB bounds no text's length.
_REPLACED = _pieces(
    "SET done = CONCAT(done, instead);", between="SET done = CONCAT(done, SUBSTR(piece, 2, ahead));"
)
_IF_LONG = either(mariadb="", mysql=f"IF CHAR_LENGTH(original) > {FITS} THEN BEGIN {_REPLACED} END; END IF;")
REPLACED = stored(
    "replaced",
    "original text, pattern text, instead short",
    "text",
    f"BEGIN {_IF_LONG} RETURN REGEXP_REPLACE(original, pattern, instead); END",
)
PIECEWISE = {"replaced": REPLACED}

# Every e-mail, IBAN and telephone number, as the elements that a search has for them: personal.finds().
FOUND_IN = stored(
    "found_in",
    "original text, pattern text, place_in_row short",
    "text",
    "BEGIN"
    + _pieces(
        "SET done = CONCAT(done, '\"', place_in_row, CASE WHEN LOCATE('@', find) > 0 THEN 'e'"
        " WHEN find REGEXP '^[A-Za-z]' THEN 'i' ELSE 'p' END, find, '\",');"
    )
    + " END",
)
