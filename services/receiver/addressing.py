"""Which target a message is about: one of its own, or all that are made from the source it names."""

from services.receiver.stage import Wanted
from shared import names
from shared.config import Development
from shared.events import MessageError, RefreshRequested, SnapshotShared, TargetRequested

Addressed = SnapshotShared | RefreshRequested | TargetRequested


class Addresses:
    """The targets of the configuration, as messages and the ledger name them."""

    def __init__(self, config: Development) -> None:
        self._config = config

    def of(self, trigger: Addressed) -> list[Wanted]:
        """Find the targets that a message is about, at least one. Raises MessageError if there is none."""
        source = names.source_of(trigger.run_id) if isinstance(trigger, SnapshotShared) else trigger.source
        targets = list(self._config.targets_of(source))
        if not targets:
            known = ", ".join(sorted(self._config.sources))
            raise MessageError(f"the configuration has no target for source {source!r} (it has {known})")
        if isinstance(trigger, SnapshotShared):
            return [self._wanted(name) for name in targets]
        if trigger.target is None and isinstance(trigger, RefreshRequested):
            return [self._wanted(name) for name in targets]
        name = trigger.target or (source if source in targets else targets[0])
        if name not in targets:
            raise MessageError(f"source {source} has no target {name!r} (it has {', '.join(targets)})")
        if trigger.target is None and name != source and len(targets) > 1:
            raise MessageError(f"source {source} has several targets, {', '.join(targets)}: say which")
        return [self._wanted(name)]

    def remembered(self, key: str) -> Wanted | None:
        """Find the target that the ledger knows by this key; None if it is no longer configured."""
        name = key.removeprefix("target#")
        return self._wanted(name) if name in self._config.targets else None

    def _wanted(self, name: str) -> Wanted:
        target, source = self._config.targets[name], self._config.source_of(name)
        siblings = self._config.targets_of(source)
        return Wanted(
            source,
            target.name,
            delete_first=target.replace == "delete_first",
            keep=max(one.keep for one in siblings.values()),
            grace=target.grace,
            name="" if name == source else name,
            others=tuple(other for other in siblings if other != name),
        )
