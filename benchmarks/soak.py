"""`make soak`: months of weekly refreshes of many sources with constant faults, on a driven clock.

Everything is as deployed but for engines, workers and time. What RDS does is quicker than it is and looks are
rarer than by default: what goes wrong counts here, and a look is all that this costs.

Options: --sources, --weeks, --seed, --faults (percent), --worlds (two accounts each, with a share of the
sources; a process each), --minutes (after which no further week begins), --output.
"""

import argparse
import gc
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from benchmarks.meters import Meters
from benchmarks.night import Plan, back_up, create_sources, quietly, source_names, until, wait, workers
from benchmarks.soak_figures import FIGURES, PAGE, Figures, is_right, together, written
from local.documents import LocalSource, Pacing
from local.rds import Limits, Timings
from local.world import World
from shared.events import RefreshRequested, SweepRequested
from shared.names import RUN_ID_TAG, TARGET
from shared.records import How, Run, Status

POLICY = {"policy.yaml": b"version: 1\ntables: {}\n"}
WEEK = timedelta(days=7)
ENDED = {Status.SUCCEEDED, Status.FAILED}
TIMINGS = replace(Timings.aws_like(), restore=600, add_instance=240, backup=900, snapshot=300, copy=420)
PACING = Pacing(first="5m", longest="15m")
MASKING = (5, 30)  # minutes
ASKS = 0.25  # the chance of each source that somebody asks for it during its run


class Trouble:
    """Chances, and how often each came true."""

    def __init__(self, seed: int, faults: float) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a story to tell again, not a secret
        self.counted: Counter[str] = Counter()
        self.requests: dict[str, How | None] = {}
        """What those who asked during a run were told first, by their tokens."""
        self._faults = faults

    def strikes(self, what: str, chance: float | None = None) -> bool:
        """Tell whether it happens now."""
        struck = self.chance.random() < (self._faults if chance is None else chance)
        self.counted[what] += struck
        return struck

    def fails(self, work: Literal["restore", "copy"]) -> bool:
        """Tell whether RDS fails at it now."""
        return self.strikes(work)


def soak(
    sources: int, weeks: int, seed: int, faults: float, worlds: int, minutes: float = float("inf")
) -> Figures:
    """Let the weeks pass in so many worlds, which share the sources."""
    shares = [sources // worlds + (number < sources % worlds) for number in range(worlds)]
    parts = [
        (share, weeks, 1000 * number + seed, faults, minutes) for number, share in enumerate(shares) if share
    ]
    with multiprocessing.get_context("fork").Pool(len(parts)) as pool:
        return together(pool.starmap(_soak_one, parts, chunksize=1))


def _soak_one(sources: int, weeks: int, seed: int, faults: float, minutes: float) -> Figures:
    ends = time.perf_counter() + 60 * minutes  # this machine's: no driven clock moves it
    gc.set_threshold(100_000, 50, 50)  # two accounts are many objects, and few of them are garbage
    plan = Plan(sources=sources, seed=seed, failures=faults, throttled=faults / 5, masking=MASKING)
    kinds = source_names(plan)
    described = {
        name: LocalSource(f"{name}-prod", POLICY, kind, during_run="queue" if number % 2 else "join")
        for number, (name, kind) in enumerate(kinds.items())
    }
    trouble = Trouble(seed, faults)
    with quietly(), World(described, timings=TIMINGS, pacing=PACING) as world:
        world.rds.limits = Limits(instances=10**6, clusters=10**6)
        create_sources(world, kinds)
        world.tasks.outcome = workers(world, plan, trouble.chance)
        world.engines.fails = trouble.fails
        meters = Meters(world, trouble.chance, plan.throttled)
        delivered = len(world.deliveries)
        with meters.watching():
            for week in range(weeks):
                began = world.now
                _one_week(world, list(kinds), trouble)
                print(f"week {week + 1} of {weeks}", end="\r", file=sys.stderr, flush=True)
                if time.perf_counter() > ends:
                    break
                if week + 1 < weeks:
                    world.jump(began + WEEK)
                    world.run(at_most=timedelta(hours=12))
                    back_up(world, kinds)
        for stage in ("restore", "snapshot"):
            world.send(stage, SweepRequested())
        world.run(at_most=timedelta(hours=12))
        return _figures(world, plan, week + 1, trouble, meters, len(world.deliveries) - delivered)


def _one_week(world: World, sources: Sequence[str], trouble: Trouble) -> None:
    """Ask for every source and let the runs end; somebody asks meanwhile, and some messages come twice."""
    before = len(world.deliveries)
    for name in sources:
        for _ in range(1 + trouble.strikes("doubled")):
            world.send("restore", RefreshRequested(source=name, requested_by="schedule"))
    _ask_meanwhile(world, sources, trouble)
    world.run(at_most=timedelta(days=3))
    for one in world.deliveries[before:]:
        if trouble.strikes("doubled"):
            world.send(one.stage, one.body)
    world.run(at_most=timedelta(days=1))
    wait(world, 2)  # the sweeps
    world.run(at_most=timedelta(hours=12))


def _ask_meanwhile(world: World, sources: Sequence[str], trouble: Trouble) -> None:
    """Let somebody ask for some of the sources within the first hour of their runs."""
    asked = {
        name: trouble.chance.uniform(1, 60) for name in sources if trouble.strikes("asked meanwhile", ASKS)
    }
    requests, began = world.ledger("production").requests, world.now
    for name, minutes in sorted(asked.items(), key=lambda one: one[1]):
        moment = began + timedelta(minutes=minutes)
        until(world, moment)
        token = f"{trouble.chance.getrandbits(128):032x}"
        world.send("restore", RefreshRequested(source=name, requested_by="operator", request=token))
        while requests.answered(token) is None and world.deliver():
            pass
        answer = requests.answered(token)
        trouble.requests[token] = answer.how if answer else None


def _lost(world: World, trouble: Trouble) -> int:
    """Count the requests that were never answered, or still wait."""
    requests = world.ledger("production").requests
    answers = [requests.answered(token) for token in trouble.requests]
    return sum(answer is None or answer.how not in {How.BEGAN, How.JOINED, How.SERVED} for answer in answers)


def _figures(
    world: World, plan: Plan, weeks: int, trouble: Trouble, meters: Meters, messages: int
) -> Figures:
    runs = list(world.ledger("production").runs())
    by_source: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.started_at):
        by_source.setdefault(run.source, []).append(run)
    told = Counter(
        (event.type, json.loads(event.body).get("run_id"))
        for event in world.events
        if event.channel == "bus" and event.type in {"SnapshotShared", "SnapshotReceived"}
    )
    newest = {
        source: next(run.run_id for run in reversed(of) if run.status is Status.SUCCEEDED)
        for source, of in by_source.items()
        if any(run.status is Status.SUCCEEDED for run in of)
    }
    targets = _targets(world)
    left = sum(bool(found) for name, found in vars(world.leftovers()).items() if name != "dead_letters")
    return Figures(
        sources=plan.sources,
        weeks=weeks,
        seed=plan.seed,
        faults_percent=100 * plan.failures,
        runs_due=plan.sources * weeks,
        runs=len(runs),
        succeeded=sum(run.status is Status.SUCCEEDED for run in runs),
        failed_and_cleaned=sum(run.status is Status.FAILED for run in runs),
        unfinished=sum(run.status not in ENDED for run in runs),
        left_over=left,
        targets_of_the_newest_success=sum(targets.get(source) == run for source, run in newest.items()),
        messages_doubled=trouble.counted["doubled"],
        runs_beyond_one_a_week=max(0, len(runs) - plan.sources * weeks),
        further_attempts=sum(run.attempt - 1 for run in runs),
        requests_during_a_run=len(trouble.requests),
        of_these_joined=sum(how is How.JOINED for how in trouble.requests.values()),
        of_these_waited=sum(how is How.QUEUED for how in trouble.requests.values()),
        of_these_lost=_lost(world, trouble),
        events_told_twice=told.total() - len(told),
        workers_started=len(world.tasks.started),
        restores_failed=trouble.counted["restore"],
        copies_failed=trouble.counted["copy"],
        calls_refused=meters.refused["Throttling"],
        messages_per_run=round(messages / len(runs), 1),
        calls_per_run=round(sum(meters.calls.values()) / len(runs), 1),
    )


def _targets(world: World) -> dict[str, str]:
    """The run whose data developers use, by source."""
    rds = world.client("development", "rds")
    described = [
        *rds.get_paginator("describe_db_instances").paginate().search("DBInstances[]"),
        *rds.get_paginator("describe_db_clusters").paginate().search("DBClusters[]"),
    ]
    found = {}
    for database in described:
        tags = {tag["Key"]: tag["Value"] for tag in database.get("TagList", [])}
        if RUN_ID_TAG in tags:
            name = database.get("DBClusterIdentifier") or database["DBInstanceIdentifier"]
            found[name.removeprefix(TARGET)] = tags[RUN_ID_TAG]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Play and print; the exit code is 1 if a run did not end, came twice, or anything is left."""
    given = _arguments().parse_args(arguments)
    began = time.monotonic()
    found = soak(given.sources, given.weeks, given.seed, given.faults / 100, given.worlds, given.minutes)
    for name, figure in asdict(found).items():
        print(f"{name.replace('_', ' '):<34}{figure:g}")
    print(f"played in {time.monotonic() - began:.0f} s")
    if given.output:
        given.output.write_text(json.dumps(asdict(found), indent=2) + "\n")
    if given.output == FIGURES:
        PAGE.write_text(written(PAGE.read_text(), asdict(found)))
    return 0 if is_right(found) else 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--sources", type=int, default=20)
    parser.add_argument("--weeks", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=5, help="percent")
    parser.add_argument("--worlds", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--output", type=Path, default=FIGURES, help="where the figures are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
