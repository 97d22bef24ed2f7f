"""Which dead letters are meant: by identifier, run, stage, reason, age, or all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.dlq.letters import Letter
from cli.exits import InputError

SHORTEST_ID = 4


@dataclass(frozen=True)
class Selection:
    """Every condition that is given must hold; identifiers may be shortened."""

    ids: tuple[str, ...] = ()
    run: str | None = None
    stage: str | None = None
    reason: str | None = None
    older_than: timedelta | None = None
    newer_than: timedelta | None = None
    everything: bool = False

    def __post_init__(self) -> None:
        conditions = (self.run, self.stage, self.reason, self.older_than, self.newer_than)
        chosen = bool(self.ids) or any(condition is not None for condition in conditions)
        if self.everything and chosen:
            raise InputError("--all means every dead letter: leave the other conditions out, or --all")
        if not self.everything and not chosen:
            raise InputError(
                "say which dead letters: identifiers, --run, --stage, --reason, --older-than, --newer-than, "
                "or --all"
            )
        for one in self.ids:
            if len(one) < SHORTEST_ID:
                raise InputError(
                    f"{one!r} is too short for an identifier: give at least {SHORTEST_ID} characters"
                )

    @property
    def whole_queues(self) -> bool:
        """Whether a queue is meant as a whole, also with what arrives there meanwhile."""
        others = (self.run, self.reason, self.older_than, self.newer_than)
        return not self.ids and all(condition is None for condition in others)

    def choose(self, letters: Sequence[Letter], now: datetime) -> list[Letter]:
        """Keep those that are meant."""
        return [letter for letter in letters if self._means(letter, now)]

    def missing(self, letters: Sequence[Letter]) -> list[str]:
        """Name the identifiers that no letter has. Raises InputError for one that several have."""
        found = {one: [letter for letter in letters if letter.id.startswith(one)] for one in self.ids}
        for one, several in found.items():
            if len(several) > 1:
                raise InputError(f"{one} begins {len(several)} identifiers: give more of it")
        return [one for one, letters_of_it in found.items() if not letters_of_it]

    def _means(self, letter: Letter, now: datetime) -> bool:
        age = now - letter.sent_at
        return (
            (not self.ids or any(letter.id.startswith(one) for one in self.ids))
            and (self.run is None or letter.run_id == self.run)
            and (self.stage is None or letter.stage == self.stage)
            and (self.reason is None or self.reason.casefold() in letter.reason.casefold())
            and (self.older_than is None or age > self.older_than)
            and (self.newer_than is None or age <= self.newer_than)
        )
