"""What waits for the next run of a source: all of it as one, ended only by the run that was begun for it."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.ledger import Ledger
from shared.records import Answer, How, Waiting

Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "begin", "end", "cancel", "hold"]), st.integers(0, 3)), max_size=12
)


def edition(ledger: Ledger, source: str = "shop-fr") -> Waiting:
    found = ledger.requests.waiting(source)
    assert found is not None
    return found


def test_all_that_wait_are_one_with_every_name(ledger: Ledger) -> None:
    assert ledger.requests.waiting("shop-fr") is None
    ledger.requests.wait("shop-fr", "schedule", None)
    first = edition(ledger)
    ledger.requests.wait("shop-fr", "anne", "a" * 32)
    ledger.requests.wait("shop-fr", "anne", "a" * 32)
    ledger.requests.wait("shop-de", "omar", "b" * 32)
    found = edition(ledger)
    assert found.requesters == {"schedule", "anne"}
    assert found.tokens == {"a" * 32}
    assert found.since == first.since
    assert set(ledger.requests.queue()) == {"shop-fr", "shop-de"}


def test_a_run_ends_the_waiting_of_those_only_that_it_was_begun_for(ledger: Ledger) -> None:
    ledger.requests.wait("shop-fr", "schedule", None)
    before = edition(ledger).edition
    ledger.requests.wait("shop-fr", "anne", None)
    assert not ledger.requests.end("shop-fr", before)
    assert edition(ledger).requesters == {"schedule", "anne"}
    assert ledger.requests.end("shop-fr", edition(ledger).edition)
    assert not ledger.requests.end("shop-fr", before)
    assert ledger.requests.queue() == {}


def test_what_was_cancelled_is_seen_and_does_not_come_back_with_the_next_request(ledger: Ledger) -> None:
    ledger.requests.wait("shop-fr", "schedule", None)
    ledger.requests.cancel(edition(ledger))
    assert ledger.requests.waiting("shop-fr") is None
    assert ledger.requests.queue()["shop-fr"].cancelled_at is not None
    ledger.requests.wait("shop-fr", "anne", None)
    assert edition(ledger).requesters == {"anne"}


def test_an_answer_is_the_latest(ledger: Ledger) -> None:
    assert ledger.requests.answered("a" * 32) is None
    ledger.requests.answer(["a" * 32, "b" * 32], Answer(how=How.QUEUED, why="it waits"))
    began = Answer(how=How.BEGAN, why="it begins", run_id="r", attempt=2)
    ledger.requests.answer(["a" * 32], began)
    assert ledger.requests.answered("a" * 32) == began
    assert ledger.requests.answered("b" * 32) == Answer(how=How.QUEUED, why="it waits")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(steps=STEPS)
def test_no_request_is_ever_lost_whatever_happens_meanwhile(ledger: Ledger, steps: list[Step]) -> None:
    """Runs begin for what waits and end it later or never, while others ask: who asked after a run was begun
    waits on.
    """
    if left := ledger.requests.queue().get("shop-fr"):  # of the example before
        ledger.requests.end("shop-fr", left.edition)
    waits: set[str] = set()
    begun: list[tuple[str, int]] = []
    changes = 0
    for step, who in steps:
        found = ledger.requests.waiting("shop-fr")
        match step:
            case "ask":
                ledger.requests.wait("shop-fr", f"user-{who}", None)
                waits.add(f"user-{who}")
                changes += 1
            case "begin" if found:
                begun.append((found.edition, changes))
            case "end" if begun:
                which, at = begun[who % len(begun)]
                if ledger.requests.end("shop-fr", which):
                    assert at == changes, "somebody asked since"
                    waits.clear()
            case "cancel" if found:
                ledger.requests.cancel(found)
                waits.clear()
            case "hold" if found:
                ledger.requests.hold(found, "no snapshot")
        now = ledger.requests.waiting("shop-fr")
        assert (now.requesters if now else set()) == waits
