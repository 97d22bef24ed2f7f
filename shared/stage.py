"""What a stage is: it observes the world, decides purely, acts once – and the runtime does the rest.

Reading order for a newcomer: this protocol, `decision.py`, any `services/*/stage.py`, then `runtime.py`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from shared.decision import Decision
from shared.events import Event, StageFailed, StageName, Trigger


class Subject(Protocol):
    """What a step works on: a run, or a target in development."""

    @property
    def key(self) -> str:
        """The name under which the ledger remembers the step."""

    @property
    def history(self) -> str:
        """The name under which the ledger writes history."""


SubjectT = TypeVar("SubjectT", bound=Subject)
SeenT = TypeVar("SeenT")
ActionT = TypeVar("ActionT")


@dataclass(frozen=True)
class Drop:
    """A message that needs nothing done, and why; it is acknowledged and noted."""

    why: str


class Stage(Protocol[SubjectT, SeenT, ActionT]):
    """One reconciler. Every delivery of a message runs the same: observe, decide, then one of four ends."""

    @property
    def name(self) -> StageName:
        """The stage, as events name it."""

    @property
    def step(self) -> str:
        """The step of the stage, as the ledger names it; one stage may have two."""

    @property
    def consumes(self) -> tuple[type, ...]:
        """The messages that start the step."""

    @property
    def deadline(self) -> timedelta:
        """How long the step may take."""

    @property
    def level_triggered(self) -> bool:
        """Whether a fresh message starts an ended step again."""

    def admit(self, trigger: Trigger) -> SubjectT | Drop:
        """Find or open what a message is about. Raises MessageError if nobody can act on it."""

    def resume(self, key: str) -> SubjectT | None:
        """Find what a wait was about; None if it is gone."""

    def observe(self, subject: SubjectT) -> SeenT:
        """Look at the world: describe by deterministic name, change nothing."""

    def decide(self, subject: SubjectT, seen: SeenT) -> Decision[ActionT]:
        """Say what to do next; pure."""

    def act(self, subject: SubjectT, seen: SeenT, action: ActionT) -> None:
        """Make one change; making it again must be harmless."""

    def done(self, subject: SubjectT, event: Event | None) -> None:
        """Record that the step ended well."""

    def give_up(self, subject: SubjectT, why: str) -> StageFailed | None:
        """Record that the step failed, and say what to tell the others."""


AnyStage = Stage[Any, Any, Any]
