"""The permission boundary: the most that any role of an account could ever do, whatever its own policy says."""

from infra.permissions.place import Place
from infra.permissions.statements import Statement


def of(place: Place) -> tuple[Statement, ...]:
    """Return the boundary of an account's roles."""
    return (Statement("Most", ("rds:*", "logs:*"), ("*",), why="a boundary names an upper limit"),)
