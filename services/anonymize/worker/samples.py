"""What a look at a sample of a database's rows tells: counts by shape, and never a value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.anonymize.worker.schema import Column, Table

SAMPLE = 1000  # rows of a table
MOST_PATHS = 60  # of a column's documents


@dataclass(frozen=True)
class Sample:
    """Of how many sampled values that are not empty, how many are wholly of a shape, and how many hold
    one."""

    values: int = 0
    whole: tuple[tuple[str, int], ...] = ()
    holding: int = 0
    average_length: float = 0.0

    def mostly(self) -> str | None:
        """The shape that most values have."""
        return next((shape for shape, count in self.whole if self.values and count * 2 > self.values), None)


@dataclass(frozen=True)
class Leaf:
    """A place in a column's documents that holds values, and the sample of those."""

    path: str
    sample: Sample
    text: bool


class Sampler(Protocol):
    """Looks at a sample of a database's rows, in the database: only counts come from it."""

    def columns(self, table: Table) -> Mapping[str, Sample]:
        """The samples of a table's columns of text."""

    def documents(self, table: Table, column: Column) -> Iterable[Leaf]:
        """The places of a JSON column's documents, at most one more than MOST_PATHS."""
