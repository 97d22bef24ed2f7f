"""Many sources in one night: quotas make runs wait, some things fail, and every run ends with nothing left.

The night of a hundred sources is `make scale`; this one is small enough to pass every time.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from benchmarks.night import POLICY, Night, Plan, create_sources, quietly, simulate, source_names, until
from benchmarks.scale import figures, is_clean
from local.accounts import DEVELOPMENT, PRODUCTION
from local.documents import LocalSource, Pacing
from local.rds import Limits
from local.world import World
from shared.database.port import Kind
from shared.events import RefreshRequested
from shared.records import Status

SMALL = Plan(
    sources=9,
    seed=6,
    failures=0.1,
    room=6,
    masking=(20, 40),
    limits=Limits(instance_copies=3, cluster_copies=2),
    pacing=Pacing(first="6m", longest="15m"),
)


@pytest.fixture(scope="module")
def night() -> Night:
    return simulate(SMALL)


def test_every_run_ends_succeeded_or_failed_and_cleaned(night: Night) -> None:
    assert len(night.runs) == SMALL.sources
    assert night.unfinished == ()
    assert len(night.having(Status.SUCCEEDED)) + len(night.having(Status.FAILED)) == SMALL.sources
    assert night.having(Status.FAILED), "a night in which nothing failed shows little"


def test_nothing_is_left_over(night: Night) -> None:
    assert night.left.empty
    assert is_clean(night)


def test_no_quota_was_exceeded_and_some_things_waited_for_one(night: Night) -> None:
    production, development = night.meters.peaks[PRODUCTION], night.meters.peaks[DEVELOPMENT]
    assert production.instance_copies == 3
    assert development.instance_copies <= 3
    assert max(production.cluster_copies, development.cluster_copies) <= 2
    assert night.meters.waits
    assert night.meters.still_waiting == 0


def test_the_figures_tell_what_happened(night: Night) -> None:
    told = figures(night)
    assert told["runs"]["ended"] == SMALL.sources
    assert told["left_over"] == {}
    assert told["waits_on_quota"]["refusals"] > 0
    assert 0 < told["messages_per_run"] < 400
    assert told["calls_per_run"] < 4000


def test_the_same_seed_tells_the_same_story() -> None:
    plan = replace(SMALL, sources=2)
    assert figures(simulate(plan)) == figures(simulate(plan))


@pytest.mark.parametrize(
    "tight",
    [
        replace(SMALL, sources=4, clusters_of_ten=0, failures=0, limits=Limits(instance_snapshots=4)),
        replace(SMALL, sources=4, clusters_of_ten=0, failures=0, room=2, masking=(360, 360)),
    ],
    ids=["as many manual snapshots as runs", "places for two, six hours each"],
)
def test_runs_queue_before_their_restore_and_none_fails_for_a_quota(tight: Plan) -> None:
    crowded = simulate(replace(tight, pacing=replace(SMALL.pacing, at_once=2)))
    assert len(crowded.having(Status.SUCCEEDED)) == tight.sources
    assert crowded.meters.temporary == 2
    assert is_clean(crowded)


def test_forty_sources_asked_for_twice_in_one_moment_have_one_run_and_one_lock_each() -> None:
    plan = Plan(sources=40, pacing=Pacing(at_once=40))
    kinds = source_names(plan)
    sources = {name: LocalSource(f"{name}-prod", POLICY, kind) for name, kind in kinds.items()}
    with quietly(), World(sources, timings=plan.timings, pacing=plan.pacing) as world:
        world.rds.limits = Limits(instances=1000, clusters=1000)
        create_sources(world, kinds)
        before = world.rds.usage(PRODUCTION)
        for name in (*kinds, *kinds):
            world.send("restore", RefreshRequested(source=name, requested_by="schedule"))
        while world.deliver():
            pass
        until(world, world.now + timedelta(minutes=20))
        ledger = world.ledger("production")
        runs = list(ledger.runs())
        assert sorted(run.source for run in runs) == sorted(kinds)
        assert {name: ledger.lock_holder(name) for name in kinds} == {run.source: run.run_id for run in runs}
        after = world.rds.usage(PRODUCTION)
        clusters = sum(kind is Kind.CLUSTER for kind in kinds.values())
        assert after.clusters - before.clusters == clusters
        assert after.instances - before.instances == len(kinds) - clusters
