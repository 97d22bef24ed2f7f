"""Jobs over several connections at a time."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def in_parallel(job: Callable[[ItemT], ResultT], items: Sequence[ItemT], connections: int) -> list[ResultT]:
    """Run a job for each item, the first items first; the first error stops what has not begun."""
    with ThreadPoolExecutor(max_workers=max(1, connections)) as pool:
        futures = [pool.submit(job, item) for item in items]
        finished, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
        for future in finished:
            future.result()
        return [future.result() for future in futures]
