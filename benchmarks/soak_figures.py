"""The figures of a soak: what is counted, when that is right, and where it is kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"
FIGURES, PAGE = DOCS / "figures" / "soak.json", DOCS / "reliability.md"
_BLOCK = re.compile(r"(<!-- soak -->\n).*?(<!-- end of soak -->)", re.DOTALL)


@dataclass(frozen=True)
class Figures:
    """What came of the months."""

    sources: int
    weeks: int
    seed: int
    faults_percent: float
    runs_due: int
    runs: int
    succeeded: int
    failed_and_cleaned: int
    unfinished: int
    left_over: int
    targets_of_the_newest_success: int
    messages_doubled: int
    runs_beyond_one_a_week: int
    further_attempts: int
    requests_during_a_run: int
    of_these_joined: int
    of_these_waited: int
    of_these_lost: int
    events_told_twice: int
    workers_started: int
    restores_failed: int
    copies_failed: int
    calls_refused: int
    messages_per_run: float
    calls_per_run: float


def together(parts: Sequence[Figures]) -> Figures:
    """Add up the figures of worlds; those of a run are means."""
    runs = sum(part.runs for part in parts)
    same = {"seed", "faults_percent"}
    found: dict[str, Any] = {}
    for name in (field.name for field in fields(Figures)):
        values = [getattr(part, name) for part in parts]
        if name in same:
            found[name] = values[0]
        elif name == "weeks":
            found[name] = max(values)
        elif name.endswith("_per_run"):
            mean = sum(value * part.runs for value, part in zip(values, parts, strict=True)) / runs
            found[name] = round(mean, 1)
        else:
            found[name] = sum(values)
    return Figures(**found)


def is_right(found: Figures) -> bool:
    """Tell whether every run ended once and nothing was left."""
    wrong = found.unfinished + found.left_over + found.runs_beyond_one_a_week + found.of_these_lost
    return not wrong and found.runs == found.runs_due


def written(page: str, found: dict[str, Any]) -> str:
    """Return the page about reliability with these figures."""
    rows = "\n".join(f"| {name.replace('_', ' ')} | {figure:g} |" for name, figure in found.items())
    return _BLOCK.sub(lambda match: f"{match[1]}| | |\n|---|---:|\n{rows}\n{match[2]}", page)
