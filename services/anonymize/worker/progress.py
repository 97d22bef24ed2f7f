"""How far the worker is, as it is told while it works."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Step = Literal["connecting", "quarantining", "scripting", "masking", "cleaning", "verifying"]


@dataclass(frozen=True)
class Advance:
    """How far one step is; rows are estimates until a table is done."""

    step: Step
    tables_done: int = 0
    tables_total: int = 0
    rows_done: int = 0
    rows_total: int = 0
    table: str | None = None


Tell = Callable[[Advance], None]
