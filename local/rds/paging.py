"""Filters and pages of describe calls."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from local.rds.errors import RefusedError
from local.rds.state import Call

Thing = TypeVar("Thing")
SMALLEST_PAGE = 20


def filtered(
    call: Call, things: Iterable[Thing], meanings: Mapping[str, Callable[[Thing], set[str]]]
) -> list[Thing]:
    """The things that pass every filter of the call: one of its values must be among the thing's own."""
    kept = list(things)
    for given in call.params.get("Filters", []):
        meaning = meanings.get(given["Name"])
        if meaning is None:
            raise RefusedError("InvalidParameterValue", f"Unrecognized filter name: {given['Name']}")
        kept = [thing for thing in kept if meaning(thing) & set(given["Values"])]
    return kept


def paged(call: Call, word: str, records: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """One page of the records by name (RDS promises no order), and the marker of the next page."""
    size = call.params.get("MaxRecords", 100)
    if not SMALLEST_PAGE <= size <= 100:
        raise RefusedError(
            "InvalidParameterValue", f"Invalid value {size} for MaxRecords. Must be between 20 and 100"
        )
    size = min(size, call.state.limits.page)
    after = _decoded(call.params["Marker"]) if call.params.get("Marker") else ""
    remaining = sorted(
        (record for record in records if record[key] > after), key=lambda record: str(record[key])
    )
    page: dict[str, Any] = {word: remaining[:size]}
    if len(remaining) > size:
        page["Marker"] = base64.urlsafe_b64encode(remaining[size - 1][key].encode()).decode()
    return page


def _decoded(marker: str) -> str:
    try:
        return base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as problem:
        raise RefusedError("InvalidParameterValue", "The parameter Marker is not valid.") from problem
