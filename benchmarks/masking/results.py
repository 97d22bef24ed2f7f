"""What the measurements come to: seconds, rows per second, ratios, and which targets are met."""

import os
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.masking import measuring
from benchmarks.masking.measuring import Once, middle

MIB = 2**20
Taken = Mapping[str, Sequence[Once] | str]


def summary(
    customers: int,
    version: str,
    main: Taken,
    whole: Taken,
    growth: Mapping[int, Taken],
    peers: tuple[int, Taken],
) -> dict[str, Any]:
    """Everything that is written down, without a word about the machine but its cores and memory."""
    floor = middle(_done(main, measuring.FLOOR_1))
    ours = {name: middle(_done(main, name)) for name in (measuring.OURS_1, measuring.OURS_2)}
    rows = round(customers * measuring.ROWS)
    told = {
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "postgresql": version,
        },
        "customers": customers,
        "masked_rows": rows,
        "masked_columns": 22,
        "ways": {name: _way(taken, rows, floor, ours) for name, taken in main.items()},
        "peers": {
            name: _peer(taken, peers[0], customers, floor, ours) for name, taken in peers[1].items()
        },
        "verified": {
            name: {
                "seconds": _done(whole, name)[0].details["steps"],
                "failed": _done(whole, name)[0].details["failed"],
            }
            for name in whole
        },
        "cleaning": {name: _cleaning(_done(main, name), floor) for name in ours},
        "worker_memory_mib": round(
            max(once.details["memory_bytes"] for taken in (main, whole) for name in taken
                for once in _done(taken, name) if "memory_bytes" in once.details) / MIB
        ),
        "growth": {
            str(size): {name: round(middle(_done(taken, name)), 2) for name in taken}
            for size, taken in [*growth.items(), (customers, {name: main[name] for name in (
                measuring.FLOOR_1, measuring.OURS_1, measuring.OURS_2)})]
        },
    }  # fmt: skip
    told["targets"] = _targets(told)
    return told


def _done(taken: Taken, name: str) -> Sequence[Once]:
    found = taken[name]
    if isinstance(found, str):
        raise TypeError(f"{name} was not measured: {found}")
    return found


def _way(taken: Sequence[Once] | str, rows: int, floor: float, ours: Mapping[str, float]) -> dict[str, Any]:
    if isinstance(taken, str):
        return {"not_measured": taken}
    seconds = middle(taken)
    return {
        "seconds": round(seconds, 2),
        "runs": [round(once.seconds, 2) for once in taken],
        "rows_per_second": round(rows / seconds),
        "times_the_floor": round(seconds / floor, 2),
        **{f"times_{name}": round(seconds / of, 2) for name, of in ours.items()},
        "log_mib": round(statistics.median(once.log_bytes for once in taken) / MIB),
        "database_mib_before": round(taken[0].bytes_before / MIB),
        "database_mib_after": round(taken[0].bytes_after / MIB),
    }


def _peer(
    taken: Sequence[Once] | str, size: int, customers: int, floor: float, ours: Mapping[str, float]
) -> dict[str, Any]:
    """A peer's way, multiplied to all rows."""
    if isinstance(taken, str):
        return {"not_measured": taken}
    share = taken[0].details.get("share", 1.0)
    times = customers / (size * share)
    fixed = min(taken[0].details.get("fixed", 0.0), middle(taken))  # what it takes however few the rows are
    seconds = fixed + (middle(taken) - fixed) * times
    rows = round(customers * measuring.ROWS)
    return {
        "seconds": round(seconds, 1),
        "fixed_seconds": round(fixed, 2),
        "measured_seconds": round(middle(taken), 2),
        "multiplied_by": round(times, 2),
        "rows_per_second": round(rows / seconds),
        "times_the_floor": round(seconds / floor, 1),
        **{f"times_{name}": round(seconds / of, 1) for name, of in ours.items()},
        "database_mib_before": round(taken[0].bytes_before / MIB),
        "database_mib_after": round(taken[0].bytes_after / MIB),
    }


def _cleaning(taken: Sequence[Once], floor: float) -> dict[str, Any]:
    parts = {
        name: round(statistics.median(once.details["cleaning"][name] for once in taken), 2)
        for name in taken[0].details["cleaning"]
    }
    seconds = sum(parts.values())
    return {
        "seconds": round(seconds, 2),
        "times_the_floor": round(seconds / floor, 2),
        "without_kept_tables": round(seconds - parts["tables"], 2),
        "without_kept_tables_times_the_floor": round((seconds - parts["tables"]) / floor, 2),
        "parts": parts,
    }


def _targets(told: Mapping[str, Any]) -> dict[str, Any]:
    """Each target with what was measured; `None` where a peer was not."""
    ways, peers, cleaning = told["ways"], told["peers"], told["cleaning"]
    ours = measuring.OURS_1
    in_place = [
        peers[name][f"times_{ours}"] for name in (measuring.PYNONYMIZER, measuring.PGANONYMIZE)
        if "seconds" in peers.get(name, {})
    ]  # fmt: skip
    row_by_row = peers.get(measuring.ROW_BY_ROW, {}).get(f"times_{ours}")
    sizes = sorted(map(int, told["growth"]))
    least, most = (told["growth"][str(size)][ours] / size for size in (sizes[0], sizes[-1]))
    return {
        "one connection, times the floor": bound(ways[ours]["times_the_floor"], most=1.4),
        "two connections, times the floor": bound(ways[measuring.OURS_2]["times_the_floor"], most=1.2),
        "cleaning, times the floor": bound(cleaning[ours]["times_the_floor"], most=0.3),
        "the best in-place peer's single pass, times ours": bound(min(in_place, default=None), least=5),
        "row by row, times ours": bound(row_by_row, least=50),
        "memory of the worker, MiB": bound(told["worker_memory_mib"], most=150),
        f"time per row at {sizes[-1] // sizes[0]}×, times 1×": bound(round(most / least, 2), most=1.25),
    }


def bound(value: float | None, *, least: float | None = None, most: float | None = None) -> dict[str, Any]:
    """A target, what was measured, and whether that meets it."""
    met = value is not None and (least is None or value >= least) and (most is None or value <= most)
    return {
        "measured": value,
        "at_least" if most is None else "at_most": least if most is None else most,
        "met": met,
    }


def table(told: Mapping[str, Any]) -> str:
    """What the terminal shows."""
    heads = f"{'way':<42}{'seconds':>9}{'rows/s':>10}{'× floor':>9}"
    lines = [heads + f"{'× ours':>8}{'WAL MiB':>9}{'DB MiB':>8}"]
    for name, way in {**told["ways"], **told["peers"]}.items():
        if "not_measured" in way:
            lines.append(f"{name:<42}not measured: {way['not_measured']}")
            continue
        many = "*" if "multiplied_by" in way else " "
        lines.append(
            f"{name:<42}{way['seconds']:>8.1f}{many}{way['rows_per_second']:>10,}"
            f"{way['times_the_floor']:>9.2f}"
            f"{way[f'times_{measuring.OURS_1}']:>8.1f}{way.get('log_mib', ''):>9}"
            f"{way['database_mib_after']:>8}"
        )
    lines.append("* measured on a part of the rows and multiplied")
    for name, target in told["targets"].items():
        bound = f"≤ {target['at_most']}" if "at_most" in target else f"≥ {target['at_least']}"
        lines.append(
            f"{'met' if target['met'] else 'NOT MET':<9}{name:<52}{target['measured']!s:>8}  ({bound})"
        )
    return "\n".join(lines)
