"""Runs every contestant on a fresh copy, in turn and in rounds, and notes what each took, wrote and left."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg

from benchmarks.masking import floors
from benchmarks.masking.competing import PeerError, Programs
from benchmarks.masking.server import Server

ROOT = Path(__file__).parent.parent.parent
LOG = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
ROWS = 3.1  # masked rows for each customer: 1 customer, 1.5 addresses, 0.6 newsletter subscriptions
ROW_SHARE = 100  # of the customers of its shop, row by row sees one in so many


@dataclass(frozen=True)
class Once:
    """One run of one contestant."""

    seconds: float
    log_bytes: int
    bytes_before: int
    bytes_after: int
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """`run` works on a database; what it returns is added to the measurement, and `seconds` in it replaces
    the clock's. `share` is how much of the rows it sees."""

    name: str
    run: Callable[[Server, str], dict[str, Any] | None]
    rounds: int | None = None  # None: in every round
    share: float = 1.0


def ours(connections: int, *options: str) -> Callable[[Server, str], dict[str, Any]]:
    """Ours in a process of its own; its seconds are those of the mask step. The options are the process's."""

    def run(server: Server, database: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.masking.ours", server.url(database), str(connections)]
        command += options
        finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not finished.stdout:
            raise RuntimeError(f"ours failed: {finished.stderr.strip().splitlines()[-1:]}")
        said: dict[str, Any] = json.loads(finished.stdout)
        if said["failed"]:
            print(f"  verification: {'; '.join(said['failed'])}")
        return {**said, "steps": said["seconds"], "seconds": said["seconds"]["masking"]}

    return run


def floor(way: Callable[[floors.Statement], None]) -> Callable[[Server, str], None]:
    """A way that needs nothing but sessions of the master user."""

    def run(server: Server, database: str) -> None:
        way(lambda: psycopg.connect(server.conninfo(database), autocommit=True))

    return run


OURS_1, OURS_2 = "ours, 1 connection", "ours, 2 connections"
PLAIN_1, PLAIN_2 = "ours, plainest masks, 1 connection", "ours, plainest masks, 2 connections"
FLOOR_1, FLOOR_2 = "VACUUM FULL, 1 connection", "VACUUM FULL, 2 connections"
CHEAPEST = "ALTER TABLE, cheapest masks"
IDENTITY, COPY = "ALTER TABLE … USING column || ''", "CREATE TABLE AS, indexes, swap"
UPDATE, UPDATE_ONE = "UPDATE, cheapest masks", "UPDATE of one column to a constant"
PYNONYMIZER, PYNONYMIZER_ALL = "pynonymizer, single pass", "pynonymizer, as shipped"
PGANONYMIZE = "pganonymize"
BATCHES, ROW_BY_ROW = "Faker script, batches of 1,000", "Faker script, row by row"


def main_contest() -> tuple[Contestant, ...]:
    """Ours and its floors, on all rows."""
    return (
        Contestant(FLOOR_1, floor(floors.vacuum_full)),
        Contestant(OURS_1, ours(1, "quick")),
        Contestant(FLOOR_2, floor(floors.vacuum_full_twice)),
        Contestant(OURS_2, ours(2, "quick")),
        Contestant(PLAIN_1, ours(1, "quick", "plain")),
        Contestant(PLAIN_2, ours(2, "quick", "plain")),
        Contestant(CHEAPEST, floor(floors.cheapest)),
        Contestant(IDENTITY, floor(floors.identity)),
        Contestant(COPY, floor(floors.copy_and_swap)),
        Contestant(UPDATE, floor(floors.update), rounds=1),
        Contestant(UPDATE_ONE, floor(floors.one_column), rounds=1),
    )


def whole_contest() -> tuple[Contestant, ...]:
    """Ours with verification, once: the whole of what a run does to a database."""
    return (Contestant(f"{OURS_2}, verified", ours(2), rounds=1),)


def growth_contest() -> tuple[Contestant, ...]:
    """What is measured again at fewer rows."""
    return (
        Contestant(FLOOR_1, floor(floors.vacuum_full), rounds=1),
        Contestant(OURS_1, ours(1, "quick"), rounds=1),
        Contestant(OURS_2, ours(2, "quick"), rounds=1),
    )


def peer_contest(peers: Programs, customers: int) -> tuple[Contestant, ...]:
    """The peers, on a shop of their own size; what they take is multiplied."""

    def single(server: Server, database: str) -> dict[str, Any]:
        fixed = peers.pynonymizer(server, database, ("countries",))
        seconds = sum(peers.pynonymizer(server, database, (table,)) for table in floors.MASKED)
        return {"seconds": seconds, "fixed": fixed * len(floors.MASKED)}

    def shipped(server: Server, database: str) -> dict[str, Any]:
        fixed = peers.pynonymizer(server, database, ("countries",))
        return {"seconds": peers.pynonymizer(server, database, floors.MASKED), "fixed": fixed}

    def pganonymize(server: Server, database: str) -> dict[str, Any]:
        return {"seconds": peers.pganonymize(server, database)}

    def script(mode: str, rows: int) -> Callable[[Server, str], dict[str, Any]]:
        return lambda server, database: {"seconds": peers.faker(server, database, mode, rows)}

    few = max(1000, customers // ROW_SHARE)
    return (
        Contestant(PYNONYMIZER, single, rounds=1),
        Contestant(PYNONYMIZER_ALL, shipped, rounds=1),
        Contestant(PGANONYMIZE, pganonymize, rounds=1),
        Contestant(BATCHES, script("batches", customers // 10), rounds=1, share=0.1),
        Contestant(ROW_BY_ROW, script("rows", few), rounds=1, share=few / customers),
    )


def measure(
    server: Server, template: str, contest: Iterable[Contestant], rounds: int
) -> dict[str, list[Once] | str]:
    """Measure a contest; a peer that fails is named with its reason."""
    found: dict[str, list[Once] | str] = {}
    for place in range(rounds):
        for one in contest:
            taken = found.setdefault(one.name, [])
            if isinstance(taken, str) or (one.rounds is not None and place >= one.rounds):
                continue
            try:
                taken.append(_once(server, template, one))
            except PeerError as error:
                found[one.name] = str(error)
                print(f"  {one.name}: {error}")
                continue
            print(f"  round {place + 1}  {one.name:<40}{taken[-1].seconds:>9.2f} s", flush=True)
    return found


def _once(server: Server, template: str, one: Contestant) -> Once:
    with server.copy(template) as database:
        before, log = _size_and_log(server, database)
        began = monotonic()
        details = {"share": one.share} | (one.run(server, database) or {})
        seconds = float(details.pop("seconds", monotonic() - began))
        after, log_after = _size_and_log(server, database)
        return Once(seconds, int(details.pop("log_bytes", log_after - log)), before, after, details)


def _size_and_log(server: Server, database: str) -> tuple[int, int]:
    with server.admin(database) as connection:
        row = connection.execute(f"SELECT pg_database_size(current_database()), ({LOG})").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def middle(taken: Sequence[Once]) -> float:
    """The median of the seconds."""
    return statistics.median(once.seconds for once in taken)
