"""What targets of one source owe each other: copies that stay, and one word when all are replaced."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.receiver.stage import Wanted, key_of
from shared import names
from shared.events import TargetReplaced
from shared.records import Delivery

if TYPE_CHECKING:
    from shared.config import Development
    from shared.database.port import Databases
    from shared.ledger import Ledger

ANNOUNCED_AGAIN_AFTER = timedelta(minutes=30)  # less than an hour: the next look of the schedule


class Siblings:
    """The other targets of a source, looked at only where it has such."""

    def __init__(self, config: "Development", ledger: "Ledger", clock: Callable[[], datetime]) -> None:
        self._config = config
        self._ledger = ledger
        self._clock = clock

    def needed(self, wanted: Wanted, databases: "Databases") -> frozenset[str]:
        """Name the runs whose copies stay: another target's database stands on them, or they were chosen."""
        if not wanted.others:
            return frozenset()
        standing = {database.tags.get(names.RUN_ID_TAG, "") for database in databases.named(names.TARGET)}
        choices = (self._ledger.choice(key_of(other)) for other in wanted.others)
        return frozenset(standing | {choice.run_id for choice in choices if choice})

    def to_tell(self, wanted: Wanted, newest: str) -> TargetReplaced | None:
        """Say that the newest run has replaced the last of several targets, once, and once more later.

        Each target writes down that it is replaced before it looks at the others: of two that are replaced at
        the same moment at least one sees both. Where an operator chose other data, nobody waits for them.
        """
        if wanted.plain:
            return None
        base = self._ledger.delivery(newest)
        if base.announced_at is not None and not self.is_due_again(base.announced_at, base):
            return None
        replaced = []
        for name, target in self._config.targets_of(wanted.source).items():
            if self._ledger.delivery(newest, target=own_name(name, wanted.source)).replaced_at:
                replaced.append(target.name)
                continue
            choice = self._ledger.choice(key_of(name))
            if choice is None or choice.over != newest:
                return None
        if not replaced:
            return None
        return TargetReplaced(run_id=newest, target=replaced[0], others=tuple(replaced[1:]) or None)

    def told(self, run_id: str) -> None:
        """Write down that production was told of all targets."""
        base = self._ledger.delivery(run_id)
        if base.announced_at is None:
            self._ledger.record_delivery(run_id, announced_at=self._clock())
        elif self.is_due_again(base.announced_at, base):
            self._ledger.record_delivery(run_id, announced_again_at=self._clock())

    def is_due_again(self, told_at: datetime | None, delivery: Delivery) -> bool:
        """Tell whether production should hear once more: an event between accounts may be lost unseen."""
        if told_at is None or delivery.announced_again_at is not None:
            return False
        return self._clock() >= told_at + ANNOUNCED_AGAIN_AFTER


def own_name(target: str, source: str) -> str:
    """Name a target as the records of deliveries do: the one that is named as its source needs none."""
    return "" if target == source else target


def common_tags(tags: "list[Mapping[str, str]]") -> dict[str, str]:
    """Return the tags on which all targets of a source agree: their copy bears these."""
    first, *others = tags
    return {key: value for key, value in first.items() if all(one.get(key) == value for one in others)}
