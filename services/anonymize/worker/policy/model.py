"""The policy as frozen models: what happens to each table and column, and where it says so."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.anonymize.worker.masks.base import Mask
from services.anonymize.worker.policy.problems import Place

FrozenMapping = AfterValidator(lambda mapping: MappingProxyType(dict(mapping)))


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunScript(StrEnum):
    """When the customer's own script runs: before the rules, or instead of them."""

    BEFORE = "before"
    INSTEAD = "instead"


class Action(StrEnum):
    """What happens to a table as a whole."""

    TRUNCATE = "truncate"
    KEEP = "keep"


class Script(_Frozen):
    """The customer's own SQL file or program, lying beside policy.yaml."""

    file: str
    run: RunScript
    at: Place


class Step(_Frozen):
    """SQL, or a file beside the policy, that runs before or after the rules."""

    text: str  # the statements, or the file's name
    is_file: bool
    at: Place

    @property
    def label(self) -> str:
        """How progress and report name it."""
        return self.text if self.is_file else f"sql at {self.at}"


class LargeObjects(StrEnum):
    """What happens to large objects, which no mask reaches."""

    DROP = "drop"
    KEEP = "keep"


class Leftovers(StrEnum):
    """What it means when cleaning could not reach a place: the run fails for want of a right, or the report
    says so, or the run fails also where no right that a master user can be given would help."""

    FAIL = "fail"
    REPORT = "report"
    STRICT = "strict"


class Quarantine(_Frozen):
    """What of the ties to production stays, as patterns of names by kind; everything else is cut."""

    keep: Annotated[Mapping[str, tuple[str, ...]], FrozenMapping] = Field(default_factory=dict)

    KINDS: ClassVar[tuple[str, ...]] = (
        "event_triggers",
        "subscriptions",
        "jobs",
        "sessions",
        "prepared_transactions",
        "replication_slots",
        "user_mappings",
        "server_secrets",
        "schema_secrets",
        "publications",
        "roles",
        "events",
        "replication",
        "users",
    )

    @staticmethod
    def words(kind: str) -> str:
        """A kind's name for one thing of it."""
        return kind.removesuffix("s").replace("_", " ")


class Condition(_Frozen):
    """Which rows a rule masks: those in which every column named holds one of its values; None is NULL."""

    columns: Annotated[Mapping[str, tuple[str | None, ...]], FrozenMapping]


class ColumnRule(_Frozen):
    """What happens to one column, in all rows or in those of a condition."""

    mask: Mask
    at: Place
    when: Condition | None = None
    by: str = ""  # what named the column, where that is not a rule of its own


class TableRule(_Frozen):
    """What happens to one table: an action for all of it, or a rule for every column; `auto` are columns that
    are masked as what a foreign key ties them to."""

    at: Place
    columns_at: Place
    action: Action | None = None
    columns: Annotated[Mapping[str, ColumnRule], FrozenMapping] = Field(default_factory=dict)
    auto: Annotated[Mapping[str, Place], FrozenMapping] = Field(default_factory=dict)
    by: str = ""  # the pattern that named the table, if one did


class TablePattern(_Frozen):
    """A rule for every table of a pattern that no rule names itself."""

    written: str
    schema_pattern: str
    name_pattern: str
    rule: TableRule


class Match(_Frozen):
    """Which columns a default is for; of each kind one pattern must hold, and none holds always."""

    schemas: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


class Default(_Frozen):
    """A rule for columns that no table's rule names."""

    match: Match
    rule: ColumnRule


class Absent(_Frozen):
    """A table, or a column of one, that a file says this database has not."""

    table: tuple[str, str]
    column: str | None
    at: Place


class Policy(_Frozen):
    """A whole policy; `tables` is keyed by (schema, table)."""

    file: str
    tables_at: Place
    database: str | None = None
    database_at: Place
    script: Script | None = None
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    key: str | None = None  # the secret that holds the mask key; None is a key of the run's own
    large_objects: LargeObjects | None = None  # not said: the run stops if there are any
    leftovers: Leftovers = Leftovers.FAIL
    quarantine: Quarantine = Field(default_factory=Quarantine)
    defaults: tuple[Default, ...] = ()
    patterns: tuple[TablePattern, ...] = ()
    tables: Annotated[Mapping[tuple[str, str], TableRule], FrozenMapping]
    includes: tuple[str, ...] = ()
    absent: tuple[Absent, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all files that it needs beside it."""
        steps = (step.text for step in (*self.first, *self.after) if step.is_file)
        return tuple(dict.fromkeys((*self.includes, *steps)))

    @property
    def first(self) -> tuple[Step, ...]:
        """What runs before the rules, `script` among it, in its order."""
        script = (Step(text=self.script.file, is_file=True, at=self.script.at),) if self.script else ()
        return (*script, *self.before)

    @property
    def runs_script(self) -> bool:
        """Whether something of the customer's own could mask a column."""
        return bool(self.first or self.after)
