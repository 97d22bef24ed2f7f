"""Whether the values of a `when` can be a column's: one that none can equal would leave every row unmasked.

A value is compared as text, with what the server writes for the column.
"""

import datetime
import re
from collections.abc import Callable, Iterator

from services.anonymize.worker.policy import Condition, did_you_mean
from services.anonymize.worker.schema import Column, Family, Table

INTEGERS = frozenset({"int2", "int4", "int8", "tinyint", "smallint", "mediumint", "int", "bigint"})
SCALED = re.compile(r"(?:numeric|decimal)\(\d+,(\d+)\)")
TIME = re.compile(r"\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d.*")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def complaints(condition: Condition, table: Table) -> Iterator[str]:
    """Say which columns there are not, and which values none of theirs can equal."""
    names = [column.name for column in table.columns]
    for name, values in condition.columns.items():
        column = table.column(name)
        if column is None:
            yield f"when looks at {name}, which is no column of {table.label}{did_you_mean(name, names)}"
            continue
        for value in values:
            if value is not None and (expected := _expected(column, value)):
                yield f"when: {name} is {column.type} and never {value}; {expected}"


def _expected(column: Column, value: str) -> str:
    """What would be written instead of a value that the column never has; nothing if it may have it."""
    if column.enum_labels:
        return "" if value in column.enum_labels else f"it has {', '.join(column.enum_labels)}"
    if column.family is Family.TEXT and column.length is not None and len(value) > column.length:
        return f"it holds {column.length} characters"
    expect = FORMS.get(column.family)
    return expect(column, value) if expect else ""


def _number(column: Column, value: str) -> str:
    scaled = SCALED.fullmatch(column.type)
    if column.base_type in INTEGERS:
        return "" if re.fullmatch(r"0|-?[1-9][0-9]*", value) else "write a whole number, as 10"
    if scaled:
        places = int(scaled[1])
        form = rf"-?[0-9]+\.[0-9]{{{places}}}" if places else "-?[0-9]+"
        return "" if re.fullmatch(form, value) else f"write {places} decimals, as {10:.{places}f}"
    return "" if re.fullmatch(r"-?[0-9.]+(?:e[+-]?[0-9]+)?|-?Infinity|NaN", value) else "write a number"


def _date(column: Column, value: str) -> str:
    try:
        return "" if datetime.date.fromisoformat(value).isoformat() == value else "write it as 2000-01-31"
    except ValueError:
        known = re.fullmatch(r"-?infinity|\d{4,}-\d\d-\d\d( BC)?", value)  # which Python has no dates for
        return "" if known else "write it as 2000-01-31"


def _truth(column: Column, value: str) -> str:
    known = {"true", "false"} | ({"0", "1"} if column.type.startswith("tinyint") else set())
    return "" if value in known else "write true or false"


FORMS: dict[Family, Callable[[Column, str], str]] = {
    Family.NUMBER: _number,
    Family.DATE: _date,
    Family.BOOLEAN: _truth,
    Family.TIMESTAMP: lambda column, value: (
        "" if TIME.fullmatch(value) or "infinity" in value else "write the time, too, as 2000-01-31 00:00:00"
    ),
    Family.UUID: lambda column, value: "" if UUID.fullmatch(value) else "write small letters and hyphens",
}
