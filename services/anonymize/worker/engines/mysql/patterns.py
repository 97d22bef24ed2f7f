"""Regular expressions of PostgreSQL, as MariaDB's PCRE and MySQL's ICU read them.

ICU counts the steps that it takes for a whole text, not for a find, and MySQL ends the statement when there
are too many (regexp_time_limit, which only a parameter group changes): 320,000, and the worst text takes
22 for a character. So MySQL searches a long text piece by piece.
"""

import re

from services.anonymize.worker.shapes import EMAIL

FITS = 4000  # characters in which all shapes at once can be looked for, and three times as many would do
LONGEST = 320  # characters of a find: no e-mail is longer
LONG, END_OF_LONG = "/* a long text: */ ", " /* any other: */"

# The same finds as shapes.EMAIL, but begun only where one can begin, behind an earlier find too, and never
# given back: a long word without @ is read once, and not once from each of its letters
_EMAIL_ONCE = (
    r"(?:(?<![[:alnum:]._%+-])|(?<=[[:alnum:]-])(?=[._%+]))"
    r"[[:alnum:]._%+-]++@[[:alnum:]-]++(?:\.[[:alnum:]-]++)++"
)


def pattern(expression: str, flags: str = "") -> str:
    """A regular expression of PostgreSQL as MySQL and MariaDB read it: the edges of words are \\b."""
    return flags + re.sub(r"\\[mMy]", r"\\b", expression.replace(EMAIL, _EMAIL_ONCE))


def is_long(value: str) -> str:
    """SQL for whether MySQL may give up on a text, which then belongs to a stored function."""
    return f"CHAR_LENGTH({value}) > {either(mariadb='4294967295', mysql=str(FITS))}"


def without_long(expression: str) -> str:
    """An expression without what it does with long texts, between `LONG` and `END_OF_LONG`."""
    return re.sub(f"{re.escape(LONG)}.*?{re.escape(END_OF_LONG)}", "", expression, flags=re.DOTALL)


def either(*, mariadb: str, mysql: str) -> str:
    """SQL that each server reads as its own, where a text is made before it is known for which of them."""
    return f"/*M! {mariadb} *//*!80000 {mysql} */"
