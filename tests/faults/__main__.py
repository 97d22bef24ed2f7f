"""`make faults`: a fault at every call of the loop; prints what came of it and keeps the figures.

Options: --every K and --offset N try only a part, and keep nothing; --jobs N; --verbose.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from tests.faults import page
from tests.faults.known import strangers
from tests.faults.spread import Injected, spread
from tests.faults.weak import is_right


def main(arguments: Sequence[str] | None = None) -> int:
    """Try and print; the exit code is 1 if anything ended wrong or a call is unknown."""
    given = _arguments().parse_args(arguments)
    began = time.perf_counter()
    injected: list[Injected] = []

    def tell(one: Injected) -> None:
        injected.append(one)
        if given.verbose or not is_right(one):
            print(f"{one.point}: {one.kind}: {one.verdict}", flush=True)

    unknown = strangers(spread(tell, jobs=given.jobs, every=given.every, offset=given.offset))
    for stranger in unknown:
        print(f"tests/faults/known.py and the calls that were made differ: {stranger}")
    told = page.figures(injected)
    print(page.table(told))
    print(f"took {time.perf_counter() - began:.0f} s")
    if given.every == 1:
        page.keep(told)
    print(page.last_line(told))
    return 0 if told["injected"] == told["ended_right"] and not told["leftovers"] and not unknown else 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--verbose", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
