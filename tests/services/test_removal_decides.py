"""Removal decides: the database first, then its secret, then the run is clean."""

import pytest

from services.restore.removal import Action, DeleteDatabase, DeleteSecret, Remains, Seen, decide
from shared.decision import Act, Decision, Finish, Wait
from tests.builders import RUN_ID, a_database, a_run

NAME = f"snapveil-tmp-{RUN_ID}"


@pytest.mark.parametrize(
    ("look", "decision"),
    [
        (Seen(a_database(), has_secret=True), Act(DeleteDatabase(NAME))),
        (Seen(a_database(status="creating"), has_secret=True), Act(DeleteDatabase(NAME))),
        (Seen(a_database(status="storage-full"), has_secret=True), Act(DeleteDatabase(NAME))),
        (Seen(a_database(status="deleting"), has_secret=True), Wait(f"{NAME}, which is being deleted")),
        (Seen(None, has_secret=True), Act(DeleteSecret(RUN_ID))),
        (Seen(None, has_secret=False), Finish(why="nothing of the temporary database is left")),
    ],
)
@pytest.mark.parametrize("run", [a_run(), None], ids=["known run", "unknown run"])
def test_the_way_to_nothing(run: object, look: Seen, decision: Decision[Action]) -> None:
    assert decide(Remains(RUN_ID, 1, run), look) == decision  # type: ignore[arg-type]
