"""What a stage can decide after looking at the world: act once, wait, finish or fail."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.events import Event

ActionT = TypeVar("ActionT")


@dataclass(frozen=True)
class Act(Generic[ActionT]):
    """Make this one change, then look again."""

    action: ActionT


@dataclass(frozen=True)
class Wait:
    """Nothing to do but to look again later; `why` is what is being waited for.

    Who is `queued` has not begun: the step's deadline counts from the end of the queue.
    """

    why: str
    queued: bool = False


@dataclass(frozen=True)
class Finish:
    """The stage has what it was asked for; the event, if there is one, tells the others."""

    event: Event | None = None
    why: str = "done"


@dataclass(frozen=True)
class Fail:
    """The stage cannot get there; `why` names the thing, the rule and what to do."""

    why: str


Decision = Act[ActionT] | Wait | Finish | Fail
