"""Stored functions that go through a text with a pattern, however long it is: on MySQL piece by piece.

A piece is as long as what MySQL looks through at once, and so much longer that a find which begins in it
ends in it too. The next piece begins behind the last find, with the character before it, for what looks
behind. So what is found is what one search through the whole text would find.
"""

from services.anonymize.worker.engines.mysql.patterns import FITS, LONGEST, either
from services.anonymize.worker.engines.mysql.stored import stored


def _pieces(on_find: str, between: str = "") -> str:
    """Statements that do something with every `find` in `original`, and with what stands `between`."""
    return f"""
  DECLARE total INT DEFAULT CHAR_LENGTH(original);
  DECLARE start, place, found_at INT DEFAULT 1;
  DECLARE piece, find, done, made text DEFAULT '';
  WHILE start <= total DO
    SET place = IF(start = 1, 1, 2), piece = SUBSTR(original, start - place + 1, {FITS + LONGEST} + place);
    SET start = start - place, done = '';
    REPEAT
      SET find = NULL, found_at = IF(place > CHAR_LENGTH(piece), 0, REGEXP_INSTR(piece, pattern, place));
      IF found_at BETWEEN 1 AND {FITS} OR (found_at > 0 AND start + CHAR_LENGTH(piece) >= total) THEN
        SET find = REGEXP_SUBSTR(piece, pattern, place);
        {between.format("found_at")}
        {on_find}
        SET place = found_at + CHAR_LENGTH(find);
      END IF;
    UNTIL find IS NULL OR place > {FITS} END REPEAT;
    IF find IS NULL THEN
      SET found_at = IF(start + CHAR_LENGTH(piece) >= total, CHAR_LENGTH(piece), {FITS}) + 1;
      {between.format("found_at")}
      SET place = found_at;
    END IF;
    SET start = start + place, made = CONCAT(made, done);
  END WHILE;
  RETURN made;"""


# MySQL's version alone has the words for it; MariaDB bounds no text's length.
_REPLACED = _pieces(
    "SET done = CONCAT(done, instead);", "SET done = CONCAT(done, SUBSTR(piece, place, {0} - place));"
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
