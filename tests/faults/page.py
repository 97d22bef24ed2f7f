"""The figures of all faults and the page that shows them."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults.spread import Injected
from tests.faults.weak import KNOWN, is_right, weakness_of

DOCS = Path(__file__).parents[2] / "docs"
FIGURES, PAGE = DOCS / "figures" / "faults.json", DOCS / "reliability.md"
TITLES = {
    "instance": "An instance",
    "cluster": "A cluster",
    "pairs": "Pairs: a second fault within the 60 calls after the first, which the table names",
}
Parts = dict[str, dict[str, Any]]
_BLOCK = re.compile(r"(<!-- faults -->\n).*?(<!-- end -->)", re.DOTALL)


def figures(injected: Sequence[Injected]) -> dict[str, Any]:
    """Count what came of the faults."""
    by_stage: dict[str, Counter[str]] = {}
    by_kind: dict[str, Counter[str]] = {}
    for one in injected:
        by_stage.setdefault(one.stage, Counter())[one.verdict.outcome] += 1
        by_kind.setdefault(_family(one.kind), Counter())[one.verdict.outcome] += 1
    return {
        "injected": len(injected),
        "points": len({one.point for one in injected}),
        "ended_right": sum(map(is_right, injected)),
        "known_weaknesses": sum(weakness_of(one) is not None for one in injected),
        "leftovers": sum(bool(things(one)) for one in injected),
        "longest_gap_minutes": max((one.verdict.gap_minutes for one in injected), default=0),
        "by_stage": {stage: dict(sorted(counts.items())) for stage, counts in sorted(by_stage.items())},
        "by_kind": {kind: dict(sorted(counts.items())) for kind, counts in sorted(by_kind.items())},
    }


def things(one: Injected) -> list[str]:
    """List what was left but for dead letters, which say why something was given up."""
    return [left for left in one.verdict.left if not left.startswith("dead_letters")]


def last_line(parts: Parts) -> str:
    """Say it all in one line."""
    injected, right, left = (
        sum(told[what] for told in parts.values()) for what in ("injected", "ended_right", "leftovers")
    )
    return f"faults: {injected} injected, {right} ended right, {left} leftovers"


def table(told: dict[str, Any]) -> str:
    """Show outcomes by stage and by kind of fault, for the terminal."""
    rows = []
    for part in ("by_stage", "by_kind"):
        for name, counts in told[part].items():
            rows.append(f"{name:26} " + ", ".join(f"{count} {what}" for what, count in counts.items()))
        rows.append("")
    return "\n".join(rows)


def written(page: str, parts: Parts) -> str:
    """Return the page with these figures."""
    lines = [f"`{last_line(parts)}`"]
    for name, told in parts.items():
        lines += ["", f"### {TITLES[name]}", *_part(told)]
    known = [f"- {one.point}, {one.kind}: the run stays {one.outcome}: {one.why}." for one in KNOWN]
    weak = sum(told["known_weaknesses"] for told in parts.values())
    lines += ["", f"{weak} of them showed what is known to be weak:", "", *known] if known else []
    return _BLOCK.sub(lambda found: found[1] + "\n".join(lines) + "\n" + found[2], page)


def _part(told: dict[str, Any]) -> list[str]:
    outcomes = sorted({outcome for counts in told["by_kind"].values() for outcome in counts})
    return [
        f"{told['injected']} injected at {told['points']} points, {told['ended_right']} ended right,"
        f" {told['leftovers']} leftovers; the target's name belonged to nobody for at most"
        f" {told['longest_gap_minutes']:g} minutes.",
        "",
        "| fault | tried | " + " | ".join(outcomes) + " |",
        "|---|---:|" + "---:|" * len(outcomes),
        *(
            f"| {kind} | {sum(counts.values())} | "
            + " | ".join(str(counts.get(outcome, 0)) for outcome in outcomes)
            + " |"
            for kind, counts in told["by_kind"].items()
        ),
    ]


def kept() -> Parts:
    """Read the figures that were kept."""
    parts: Parts = json.loads(FIGURES.read_text())
    return {name: parts[name] for name in TITLES if name in parts}


def keep(part: str, told: dict[str, Any]) -> None:
    """Write the figures of one part beside the others', and the page from them."""
    parts = kept() | {part: told}
    FIGURES.write_text(json.dumps({name: parts[name] for name in TITLES if name in parts}, indent=2) + "\n")
    PAGE.write_text(written(PAGE.read_text(), kept()))


def _family(kind: str) -> str:
    first = kind.split(", then ", maxsplit=1)[0]
    return "a documented RDS error" if first.startswith("code ") else first
