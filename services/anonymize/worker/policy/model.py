"""The policy as frozen models: what happens to each table and column, and on which line it says so."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.anonymize.worker.masks.base import Mask

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
    line: int


class ColumnRule(_Frozen):
    """What happens to one column."""

    mask: Mask
    line: int


class TableRule(_Frozen):
    """What happens to one table: an action for all of it, or a rule for every column."""

    line: int
    columns_line: int
    action: Action | None = None
    columns: Annotated[Mapping[str, ColumnRule], FrozenMapping] = Field(default_factory=dict)


class Policy(_Frozen):
    """A whole policy; `tables` is keyed by (schema, table)."""

    file: str
    tables_line: int
    database: str | None = None
    database_line: int = 1
    script: Script | None = None
    tables: Annotated[Mapping[tuple[str, str], TableRule], FrozenMapping]
