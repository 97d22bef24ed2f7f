# Statements and tables keep their own lines.
# ruff: noqa: E501
"""The picture of the README and the tables of docs/speed.md, from the figures."""

import re
from collections.abc import Mapping
from html import escape
from math import floor, log, log10
from typing import Any

from benchmarks.masking import measuring

_BLOCK = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
BARS = (
    measuring.FLOOR_1, measuring.CHEAPEST, measuring.PLAIN_1, measuring.PLAIN_2, measuring.OURS_1, measuring.OURS_2, measuring.COPY, measuring.UPDATE,
    measuring.PYNONYMIZER, measuring.PYNONYMIZER_ALL, measuring.PGANONYMIZE, measuring.BATCHES, measuring.ROW_BY_ROW,
)  # fmt: skip
WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 780, 250, 165, 58, 22, 10
OURS, FLOORS, OTHERS = "#0a7f5c", "#8a94a6", "#c2703d"

# Colours that are read on white and on black; the text takes the page's own.
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}.small{fill:#59636e}"
    ".grid{stroke:#d1d9e0}@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.small{fill:#9198a1}.grid{stroke:#3d444d}}"
)


def drawn(told: Mapping[str, Any]) -> str:
    """Bars on a logarithmic scale: seconds for all masked rows."""
    known = {**told["ways"], **told["peers"]}
    bars = [(name, known[name]) for name in BARS if "seconds" in known.get(name, {})]
    most = max(way["seconds"] for _, way in bars)
    least = min(way["seconds"] for _, way in bars)
    low, high = 10.0 ** floor(log10(least / 1.5)), most * 1.15
    height = TOP + len(bars) * (BAR + GAP) + 46
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="Seconds to mask {told["masked_rows"]:,} rows, by way"><style>{STYLE}</style>',
        f'<text class="title" x="12" y="24">Seconds to mask {told["masked_rows"] / 1e6:.1f} million rows'
        f" ({told['masked_columns']} columns, 3 tables, all their indexes)</text>",
        f'<text class="small" x="12" y="43">PostgreSQL {told["machine"]["postgresql"]}, {told["machine"]["cores"]} cores;'
        " logarithmic; * a part of the rows, multiplied</text>",
    ]
    step = low
    while step <= high:
        x = _place(step, low, high)
        parts.append(
            f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - 34}"/>'
            f'<text class="small" x="{x:.1f}" y="{height - 16}" text-anchor="middle">{step:g} s</text>'
        )
        step *= 10
    for place, (name, way) in enumerate(bars):
        y = TOP + place * (BAR + GAP)
        colour = (
            OURS
            if name.startswith("ours")
            else FLOORS
            if name in (measuring.FLOOR_1, measuring.CHEAPEST, measuring.COPY)
            else OTHERS
        )
        end = _place(way["seconds"], low, high)
        many = "*" if "multiplied_by" in way else ""
        times = f"{way['times_the_floor']:,.{1 if way['times_the_floor'] < 100 else 0}f}"
        label = f"{way['seconds']:,.0f} s{many} · {times} × floor"
        shown = f"{name} (floor)" if name == measuring.FLOOR_1 else name
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end">{escape(shown)}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{max(2.0, end - LEFT):.1f}" height="{BAR}" rx="3" fill="{colour}"/>'
            f'<text x="{end + 7:.1f}" y="{y + 16}">{escape(label)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _place(value: float, low: float, high: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * log(value / low) / log(high / low)


def written(page: str, told: Mapping[str, Any]) -> str:
    """The page with the figures' tables between its markers."""
    blocks = {"ways": _ways(told), "targets": _targets(told), "steps": _steps(told), "growth": _growth(told)}
    return _filled(page, blocks)


def written_of_mariadb(page: str, told: Mapping[str, Any]) -> str:
    """The page with MariaDB's table between its markers."""
    lines = ["| way | seconds | rows/s | × floor |", "|---|---:|---:|---:|"]
    lines += [
        f"| {name} | not measured: {way['not_measured']} | | |"
        if "not_measured" in way
        else f"| {name} | {way['seconds']:,.1f} | {way['rows_per_second']:,} | {way['times_the_floor']:.2f} |"
        for name, way in told["ways"].items()
    ]
    return _filled(page, {"mariadb": "\n".join([*lines, "", _targets(told)])})


def _filled(page: str, blocks: Mapping[str, str]) -> str:
    return _BLOCK.sub(
        lambda match: f"{match[1]}{blocks[match[2]]}\n{match[3]}" if match[2] in blocks else match[0], page
    )


def _ways(told: Mapping[str, Any]) -> str:
    lines = [
        "| way | seconds | rows/s | × floor | × ours | WAL, MiB | database after, MiB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, way in {**told["ways"], **told["peers"]}.items():
        if "not_measured" in way:
            lines.append(f"| {name} | not measured: {way['not_measured']} | | | | | |")
            continue
        many = f" (× {way['multiplied_by']:g})" if "multiplied_by" in way else ""
        lines.append(
            f"| {name} | {way['seconds']:,.1f}{many} | {way['rows_per_second']:,} | {way['times_the_floor']:,.2f} |"
            f" {way[f'times_{measuring.OURS_1}']:,.1f} | {way.get('log_mib', '')} | {way['database_mib_after']:,} |"
        )
    return "\n".join(lines)


def _targets(told: Mapping[str, Any]) -> str:
    lines = ["| target | asked | measured | |", "|---|---:|---:|---|"]
    for name, target in told["targets"].items():
        asked = f"≤ {target['at_most']:g}" if "at_most" in target else f"≥ {target['at_least']:g}"
        lines.append(f"| {name} | {asked} | {target['measured']} | {'met' if target['met'] else 'not met'} |")
    return "\n".join(lines)


def _steps(told: Mapping[str, Any]) -> str:
    verified = told["verified"]
    steps = list(next(iter(verified.values()))["seconds"])
    lines = ["| step | " + " | ".join(verified) + " |", "|---|" + "---:|" * len(verified)]
    lines += [
        f"| {step} | " + " | ".join(f"{one['seconds'][step]:.1f}" for one in verified.values()) + " |"
        for step in steps
    ]
    cleaning = told["cleaning"]
    lines += ["", "| part of cleaning | " + " | ".join(cleaning) + " |", "|---|" + "---:|" * len(cleaning)]
    lines += [
        f"| {part} | " + " | ".join(f"{one['parts'][part]:.1f}" for one in cleaning.values()) + " |"
        for part in next(iter(cleaning.values()))["parts"]
    ]
    return "\n".join(lines)


def _growth(told: Mapping[str, Any]) -> str:
    growth = told["growth"]
    names = list(next(iter(growth.values())))
    lines = ["| customers | " + " | ".join(names) + " |", "|---:|" + "---:|" * len(names)]
    lines += [
        f"| {int(size):,} | "
        + " | ".join(f"{found[name]:.1f} s, {found[name] / int(size) * 1e6:.1f} µs" for name in names)
        + " |"
        for size, found in growth.items()
    ]
    return "\n".join(lines)
