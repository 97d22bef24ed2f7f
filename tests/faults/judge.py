"""What must hold after every journey, whatever befell it."""

from dataclasses import dataclass
from datetime import timedelta

from shared import names
from shared.records import How, Run, Status
from tests.faults.journey import AGAIN, Story, copies_in_development, source_of

LONGEST_GAP = timedelta(hours=2)
"""How long the target's name may belong to nobody, in the middle of the swap: until the next schedule."""

COPIES = 2
"""How many copies a target keeps unless its configuration says otherwise."""


@dataclass(frozen=True)
class Verdict:
    """How a journey ended, what is wrong with that, and what was left."""

    outcome: str
    wrongs: tuple[str, ...]
    left: tuple[str, ...]
    gap_minutes: float


def judge(story: Story, *, may_fail: bool) -> Verdict:
    """Look at everything that a journey left behind."""
    scene = story.scene
    run = scene.run()
    wrongs = [*story.wrongs]
    if run.run_id == story.first:
        return Verdict("not begun", ("no run was made of the request",), (), 0)
    outcome = str(run.status)
    standing = scene.instances("development")
    developers_use = standing.get(scene.target)
    match run.status:
        case Status.SUCCEEDED:
            wrongs += _of_success(story, run, developers_use)
        case Status.DIRTY:
            wrongs.append("the sweeps did not clean it")
            if not story.alarms:
                wrongs.append("dirty without an alarm")
        case Status.FAILED:
            wrongs += _of_failure(story, run, developers_use)
            if not may_fail:
                wrongs.append(f"failed although waiting helps: {run.failure}")
        case _:
            wrongs.append(f"the run has not ended: {run.status}")
    if story.again:
        wrongs += _of_who_waited(story, run)
    if source_of(scene) != story.source_before:
        wrongs.append("production's database is not described as before")
    if len(set(story.shares)) > 1:
        wrongs.append(f"more than one snapshot was shared: {sorted(set(story.shares))}")
    if story.gap > LONGEST_GAP or story.missing_since:
        wrongs.append(f"the target was missing for {story.gap} (now: {story.missing_since is not None})")
    if len(standing) != 1:
        wrongs.append(f"development has {sorted(standing)}")
    wrongs += _of_copies(story, developers_use)
    found = scene.world.leftovers()
    left = tuple(f"{name}: {value}" for name, value in vars(found).items() if value)
    return Verdict(outcome, tuple(wrongs), left, round(story.gap.total_seconds() / 60, 1))


def _of_copies(story: Story, developers_use: str | None) -> list[str]:
    """Development keeps two, the one that developers' data came from among them."""
    copies = copies_in_development(story.scene)
    if len(copies) == COPIES and names.development_copy(developers_use or "") in copies:
        return []
    return [f"development keeps the copies {copies}"]


def _of_success(story: Story, run: Run, developers_use: str | None) -> list[str]:
    wrongs = []
    if developers_use != run.run_id:
        wrongs.append(f"succeeded, but developers use {developers_use}")
    if run.failed_at or not story.shares:
        wrongs.append("succeeded, but the ledger says otherwise")
    if not story.scene.development.delivery(run.run_id).replaced_at:
        wrongs.append("succeeded, but development's ledger knows nothing of it")
    return wrongs


def _of_who_waited(story: Story, run: Run) -> list[str]:
    """The request during the run began the next attempt if it failed, and was served by it if it did not."""
    wrongs, ledger = [], story.scene.production
    answer = ledger.requests.answered(str(AGAIN.request))
    if answer is None or answer.how not in {How.BEGAN, How.SERVED}:
        wrongs.append(f"who asked during the run was told {answer}")
    if ledger.requests.queue():
        wrongs.append(f"{ledger.requests.queue()} still waits")
    if len(list(ledger.runs())) != 2 or run.attempt > 2:
        wrongs.append(f"{len(list(ledger.runs()))} runs, the newest at attempt {run.attempt}")
    return wrongs


def _of_failure(story: Story, run: Run, developers_use: str | None) -> list[str]:
    wrongs = []
    if developers_use != story.first:
        wrongs.append(f"failed, but developers use {developers_use}")
    if run.shared_at or run.replaced_at:
        wrongs.append("failed, but the ledger says that it was shared")
    return wrongs
