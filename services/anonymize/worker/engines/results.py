"""What the steps of masking return, whatever the family of the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.anonymize.worker.plan import TablePlan
from services.anonymize.worker.policy import Leftovers, Policy, Quarantine
from services.anonymize.worker.schema import Pairs


@dataclass(frozen=True)
class Cut:
    """One thing that was found and what became of it."""

    kind: str  # as the policy calls it under quarantine.keep
    name: str
    done: str  # "dropped", "disabled", "kept by the policy", …; empty if nothing could be done
    refused: str = ""
    beyond: bool = False  # it belongs to a superuser, whose things no grant reaches

    @property
    def label(self) -> str:
        """The thing's kind and name for a sentence."""
        return f"{Quarantine.words(self.kind)} {self.name}"


@dataclass(frozen=True)
class Quarantined:
    """Everything that was found."""

    cuts: tuple[Cut, ...] = ()

    @property
    def changed_schema(self) -> bool:
        """Whether a plan made before may speak of things that are gone."""
        return any(cut.kind == "publications" and cut.done == "dropped" for cut in self.cuts)

    @property
    def left(self) -> tuple[str, ...]:
        """What a further right would have cut."""
        return tuple(cut.refused for cut in self.cuts if cut.refused and not cut.beyond)

    @property
    def beyond(self) -> tuple[str, ...]:
        """What belongs to a superuser."""
        return tuple(cut.refused for cut in self.cuts if cut.refused and cut.beyond)


@dataclass(frozen=True)
class Masked:
    """What was done to one table."""

    plan: TablePlan
    rows: int
    seconds: float


@dataclass
class Remainder:
    """What stays in a place. `left` could be removed if somebody granted a right or ended something; `beyond`
    is what no grant to a master user reaches."""

    left: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Cleaned:
    """One part's end: how long it took and what stays there."""

    name: str
    seconds: float
    left: tuple[str, ...]
    beyond: tuple[str, ...]


@dataclass(frozen=True)
class Cleaning:
    """What was cleaned, and what could not be and why."""

    tables: int
    parts: tuple[Cleaned, ...]

    @property
    def seconds(self) -> float:
        """How long all of it took."""
        return sum(part.seconds for part in self.parts)

    @property
    def left(self) -> tuple[str, ...]:
        """What a further right, or the end of something, would let us remove."""
        return tuple(said for part in self.parts for said in part.left)

    @property
    def beyond(self) -> tuple[str, ...]:
        """What no right that a master user can be given removes."""
        return tuple(said for part in self.parts for said in part.beyond)


@dataclass(frozen=True)
class Finding:
    """One thing that verification looked at."""

    name: str
    passed: bool
    examined: int
    detail: str


PreviewRow = Mapping[str, tuple[str | None, str | None]]  # by column: its text before and after


@dataclass(frozen=True)
class Baseline:
    """What the database was before masking: counts and definitions, no value."""

    originals: Mapping[str, int]
    rows: Mapping[int, int]  # by table oid
    files: Mapping[int, int]  # by relation: the file, or whatever else changes when a table is made anew
    inventory: Pairs  # what every object of the schema is


def leftovers(policy: Policy, places: int, left: Sequence[str], beyond: Sequence[str]) -> Finding:
    """Say whether every place was cleaned. What the user's rights do not reach fails the run, unless the
    policy says that the report is enough; what no right of a master user reaches does only if it says so."""
    if policy.leftovers is Leftovers.STRICT and beyond:
        found = (*left, *beyond)
        hint = "leftovers: strict accepts nothing that stays; or write leftovers: fail in the policy"
        return Finding("leftovers", False, places, f"{'; '.join(found)}; {hint}")
    if not left:
        return Finding("leftovers", True, places, "everything that these rights reach was cleaned")
    accepted = policy.leftovers is Leftovers.REPORT
    hint = (
        "accepted by leftovers: report" if accepted else "or accept it with leftovers: report in the policy"
    )
    return Finding("leftovers", accepted, places, f"{'; '.join(left)}; {hint}")
