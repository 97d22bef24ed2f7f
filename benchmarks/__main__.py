"""`make bench`: run every benchmark, print its table and write benchmarks/results.json."""

import json
import sys
from pathlib import Path

from benchmarks.cold_start import cold_start
from benchmarks.masking import masking

RESULTS = Path(__file__).with_name("results.json")


def main() -> int:
    """Run the benchmarks; the exit code is 1 if a cold start is slower than it may be. Masking has targets
    and no bound: its ratios depend on the machine's disk."""
    cold = cold_start()
    RESULTS.write_text(json.dumps({"cold_start": cold}, indent=2) + "\n")
    results = {"cold_start": cold, "masking": masking()}
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    print(f"written: {RESULTS.relative_to(Path.cwd())}")
    return 0 if cold["within_bound"] else 1


if __name__ == "__main__":
    sys.exit(main())
