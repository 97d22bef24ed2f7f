"""`make scale`: many sources in one night on a driven clock; prints the figures and keeps them.

Options: --sources, --seed, --failures (percent), --clusters (of ten), --room, --output.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.night import Night, Plan, simulate
from local.accounts import DEVELOPMENT, PRODUCTION
from shared.database.port import Kind
from shared.records import Status

DOCS = Path(__file__).parent.parent / "docs"
FIGURES, PAGE = DOCS / "figures" / "scale.json", DOCS / "scale.md"
_BLOCK = re.compile(r"(<!-- figures -->\n).*?(<!-- end -->)", re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate and print; the exit code is 1 if a run did not end or something is left."""
    given = _arguments().parse_args(arguments)
    plan = Plan(
        sources=given.sources,
        seed=given.seed,
        failures=given.failures / 100,
        clusters_of_ten=given.clusters,
        room=given.room,
    )
    began = time.monotonic()
    night = simulate(plan)
    told = figures(night)
    print(_table(told))
    print(f"simulated in {time.monotonic() - began:.0f} s")
    if given.output:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(json.dumps(told, indent=2) + "\n")
        print(f"written: {given.output}")
    if given.output == FIGURES:
        PAGE.write_text(written(PAGE.read_text(), told))
        print(f"written: {PAGE}")
    return 0 if is_clean(night) else 1


def is_clean(night: Night) -> bool:
    """Tell whether every source's run ended and nothing was left."""
    return len(night.runs) == night.plan.sources and not night.unfinished and night.left.empty


def figures(night: Night) -> dict[str, Any]:
    """Say what came of a night, for the page and for comparison."""
    meters, runs = night.meters, len(night.runs)
    waits = sorted(wait.total_seconds() for wait in meters.waits.values())
    return {
        "asked": {
            "sources": night.plan.sources,
            "clusters": sum(run.kind is Kind.CLUSTER for run in night.runs),
            "seed": night.plan.seed,
            "failures_percent": round(100 * night.plan.failures, 3),
            "throttled_percent": round(100 * night.plan.throttled, 3),
            "room_for_databases": night.plan.room,
            "quotas": asdict(night.plan.limits),
            "masking_minutes": list(night.plan.masking),
        },
        "runs": {
            "ended": runs - len(night.unfinished),
            "succeeded": len(night.having(Status.SUCCEEDED)),
            "failed_and_cleaned": len(night.having(Status.FAILED)),
            "unfinished": list(night.unfinished),
            "failures": sorted(str(run.failure) for run in night.having(Status.FAILED)),
        },
        "left_over": _left(night),
        "duration": _hours(night.duration),
        "temporary_databases": {
            "most_at_once": meters.temporary,
            "ready_altogether": _hours(night.database_time),
        },
        "most_at_once": {
            name: asdict(meters.peaks[account]) if account in meters.peaks else {}
            for name, account in (("production", PRODUCTION), ("development", DEVELOPMENT))
        },
        "waits_on_quota": {
            "things": len(waits),
            "median": _hours(timedelta(seconds=median(waits) if waits else 0)),
            "longest": _hours(timedelta(seconds=waits[-1] if waits else 0)),
            "refusals": sum(count for code, count in meters.refused.items() if "QuotaExceeded" in code),
            "never_made": meters.still_waiting,
        },
        "messages_per_run": _rounded(sum(night.deliveries.values()) / max(runs, 1)),
        "messages_by_stage": dict(sorted(night.deliveries.items())),
        "calls_per_run": _rounded(sum(meters.calls.values()) / max(runs, 1)),
        "calls_per_run_by_service": {
            service: _rounded(count / max(runs, 1)) for service, count in meters.calls.most_common()
        },
        "rds_calls_in_the_busiest_minute": max(meters.by_minute.values(), default=0),
        "throttled_calls": meters.refused["Throttling"],
    }


def written(page: str, told: dict[str, Any]) -> str:
    """Return the page about scale with these figures."""
    asked, runs, most = told["asked"], told["runs"], told["most_at_once"]
    waits, databases = told["waits_on_quota"], told["temporary_databases"]
    left = ", ".join(told["left_over"]) or "nothing"
    rows = {
        "sources, of which clusters": f"{asked['sources']}, {asked['clusters']}",
        "chance of each restore, copy and worker to fail": f"{asked['failures_percent']:g} %",
        "chance of each RDS call to be refused": f"{asked['throttled_percent']:g} %",
        "runs that ended": f"{runs['ended']} of {asked['sources']}",
        "succeeded": runs["succeeded"],
        "failed and cleaned": runs["failed_and_cleaned"],
        "left over after the sweep": left,
        "the night lasted": f"{told['duration']} h",
        "temporary databases at once": databases["most_at_once"],
        "temporary databases, all together": f"{databases['ready_altogether']} h",
        "copies in flight at once, instances": _both(most, "instance_copies"),
        "copies in flight at once, clusters": _both(most, "cluster_copies"),
        "manual snapshots at once, instances": _both(most, "instance_snapshots"),
        "manual snapshots at once, clusters": _both(most, "cluster_snapshots"),
        "things that waited for a quota": waits["things"],
        "such a wait, median and longest": f"{waits['median']} h, {waits['longest']} h",
        "messages per run": f"{told['messages_per_run']:g}",
        "API calls per run": f"{told['calls_per_run']:g}",
        "RDS calls in the busiest minute": told["rds_calls_in_the_busiest_minute"],
    }
    table = "\n".join(f"| {name} | {figure} |" for name, figure in rows.items())
    return _BLOCK.sub(lambda match: f"{match[1]}| | |\n|---|---:|\n{table}\n{match[2]}", page)


def _both(most: dict[str, Any], name: str) -> str:
    return (
        f"{most['production'].get(name, 0)} in production, {most['development'].get(name, 0)} in development"
    )


def _left(night: Night) -> dict[str, Any]:
    return {name: found for name, found in vars(night.left).items() if found}


def _table(told: dict[str, Any]) -> str:
    lines = []
    for name, value in told.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for part, figure in parts:
            lines.append(f"{name.replace('_', ' '):<34}{part.replace('_', ' '):<24}{figure}")
    return "\n".join(lines)


def _hours(time_passed: timedelta) -> str:
    minutes = round(time_passed.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def _rounded(number: float) -> float:
    return round(number, 1)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--sources", type=_number(1, 1000), default=Plan.sources)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--failures", type=float, default=100 * Plan.failures, help="percent")
    parser.add_argument("--clusters", type=_number(0, 10), default=Plan.clusters_of_ten, help="of ten")
    parser.add_argument("--room", type=_number(1, 1000), default=Plan.room, help="places for databases")
    parser.add_argument("--output", type=Path, default=FIGURES, help="where the figures are kept")
    return parser


def _number(least: int, most: int) -> Any:
    def number(text: str) -> int:
        if not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a number from {least} to {most}")
        return int(text)

    return number


if __name__ == "__main__":
    sys.exit(main())
