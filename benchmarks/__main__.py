"""`make bench`: run every benchmark, print its table and write benchmarks/results.json."""

import json
import sys
from pathlib import Path

from benchmarks.cold_start import cold_start

RESULTS = Path(__file__).with_name("results.json")


def main() -> int:
    """Run the benchmarks; the exit code is 1 if a bound is broken."""
    results = {"cold_start": cold_start()}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    broken = [name for name, result in results.items() if not result["within_bound"]]
    print(f"written: {RESULTS.relative_to(Path.cwd())}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
