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


class LargeObjects(StrEnum):
    """What happens to large objects, which no mask reaches."""

    DROP = "drop"
    KEEP = "keep"


class Leftovers(StrEnum):
    """What it means when cleaning could not reach a place for want of a right: the run fails, or the report
    says so."""

    FAIL = "fail"
    REPORT = "report"


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


class TableRule(_Frozen):
    """What happens to one table: an action for all of it, or a rule for every column."""

    at: Place
    columns_at: Place
    action: Action | None = None
    columns: Annotated[Mapping[str, ColumnRule], FrozenMapping] = Field(default_factory=dict)


class Policy(_Frozen):
    """A whole policy; `tables` is keyed by (schema, table)."""

    file: str
    tables_at: Place
    database: str | None = None
    database_at: Place
    script: Script | None = None
    large_objects: LargeObjects | None = None  # not said: the run stops if there are any
    leftovers: Leftovers = Leftovers.FAIL
    quarantine: Quarantine = Field(default_factory=Quarantine)
    tables: Annotated[Mapping[tuple[str, str], TableRule], FrozenMapping]
