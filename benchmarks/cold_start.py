"""Cold start: importing a handler, against boto3 with one client, which no Lambda on AWS can do without.

Each import runs in a process of its own; the two are measured in turn, so that a slow moment hits both.
"""

import statistics
import subprocess
import sys
from typing import Any

ROUNDS = 9
BOUND = 1.15
BASELINE = "import boto3; boto3.client('sqs', region_name='eu-west-3')"
HANDLERS = {
    name: f"import services.{name}.handler" for name in ("restore", "anonymize", "snapshot", "receiver")
}
TIMED = "import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"


def cold_start() -> dict[str, Any]:
    """Measure every handler against the baseline and print the table."""
    print(f"{'cold import':<12}{'handler':>10}{'boto3+sqs':>12}{'ratio':>8}   (bound {BOUND})")
    measured: dict[str, Any] = {}
    for name, code in HANDLERS.items():
        pairs = [(_seconds(code), _seconds(BASELINE)) for _ in range(ROUNDS + 1)][1:]
        handler, baseline = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(f"{name:<12}{handler * 1000:>7.0f} ms{baseline * 1000:>9.0f} ms{ratio:>8.2f}")
        measured[name] = {"seconds": handler, "baseline_seconds": baseline, "ratio": ratio}
    bounded = [measured[name]["ratio"] for name in ("restore", "snapshot", "receiver")]
    return {"bound": BOUND, "within_bound": max(bounded) <= BOUND, "handlers": measured}


def _seconds(code: str) -> float:
    finished = subprocess.run(
        [sys.executable, "-c", TIMED.format(code=code)], capture_output=True, text=True, check=True
    )
    return float(finished.stdout)
