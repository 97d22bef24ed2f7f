"""Plays seeds, and says what did not hold.

python -m tests.worker.drawn 1 500
"""

import sys
from collections import Counter
from collections.abc import Sequence

from tests.worker.conftest import running_server
from tests.worker.drawn.playing import play


def main(arguments: Sequence[str]) -> int:
    """Play seeds, and say what did not hold."""
    first, last = map(int, arguments)
    ends: Counter[str] = Counter()
    with running_server() as server:
        for seed in range(first, last + 1):
            try:
                end, said = play(server, seed)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                end, said = "broken", f"{type(error).__name__}: {error}"
            ends[end] += 1
            if said or end == "broken":
                ends[f"{end} badly"] += 1
                print(f"seed {seed}: {end}: {said[:1500]}", flush=True)
    print(dict(ends))
    return 1 if ends["broken"] or ends["masked badly"] or ends["refused badly"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
