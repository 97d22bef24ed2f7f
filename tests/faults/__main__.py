"""`make faults`: a fault at every call of the loop; prints what came of it and keeps the figures.

Options: --part instance, cluster or pairs for that part only; --every K and --offset N try only some faults,
and keep nothing; --again lets somebody ask again during the run, tries restore only, and keeps nothing;
--jobs N; --verbose.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

from shared.database.port import Kind
from tests.faults import page
from tests.faults.known import strangers
from tests.faults.spread import Injected, spread
from tests.faults.weak import is_right

PAIRS_OF = 3  # a pair begins with every so many-th of the faults of an instance


def main(arguments: Sequence[str] | None = None) -> int:
    """Try and print; the exit code is 1 if anything ended wrong or a call is unknown."""
    given = _arguments().parse_args(arguments)
    parts = {part: _tried(part, given) for part in given.part or page.TITLES}
    print(page.last_line(parts))
    right = all(
        told["injected"] == told["ended_right"] and not told["leftovers"] and not told.get("unknown")
        for told in parts.values()
    )
    return 0 if right else 1


def _tried(part: str, given: argparse.Namespace) -> dict[str, Any]:
    began = time.perf_counter()
    injected: list[Injected] = []

    def tell(one: Injected) -> None:
        injected.append(one)
        if given.verbose or not is_right(one):
            print(f"{one.point}: {one.kind}: {one.verdict}", flush=True)

    kind, pairs = Kind.CLUSTER if part == "cluster" else Kind.INSTANCE, part == "pairs"
    every = given.every * PAIRS_OF if pairs else given.every
    done = spread(
        tell, kind, jobs=given.jobs, every=every, offset=given.offset, pairs=pairs, again=given.again
    )
    unknown = strangers(done, kind)
    for stranger in unknown:
        print(f"tests/faults/known.py and the calls that were made differ: {stranger}")
    told = page.figures(injected)
    print(f"{page.TITLES[part]}\n\n{page.table(told)}\ntook {time.perf_counter() - began:.0f} s", flush=True)
    if given.every == 1 and not given.again:
        page.keep(part, told)
    return told | {"unknown": unknown}


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--part", action="append", choices=tuple(page.TITLES))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--verbose", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
