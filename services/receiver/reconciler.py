"""The receiver's eyes and hands: what `stage.py` decides about, over the database port."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from services.receiver.actions import (
    Action,
    AddInstance,
    AnnounceReceived,
    CopySnapshot,
    DeleteCopy,
    DeleteDatabase,
    Edition,
    PrepareDatabase,
    RecordAddress,
    RecordReplaced,
    Rename,
    RestoreCopy,
    SetMasterPassword,
)
from services.receiver.addressing import Addresses
from services.receiver.choices import choose
from services.receiver.looking import copies_of, is_acceptable, next_to
from services.receiver.siblings import Siblings, common_tags
from services.receiver.stage import Seen, Wanted, age_of, decide, run_in
from shared import names
from shared.database.port import Condition, Database, Databases
from shared.decision import Decision
from shared.events import (
    Event,
    RefreshRequested,
    SnapshotReceived,
    SnapshotShared,
    StageFailed,
    StageName,
    TargetReplaced,
    TargetRequested,
    Trigger,
)
from shared.runs import LONGEST_REASON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.receiver.credentials import TargetCredentials
    from services.receiver.probe import Probe
    from shared.config import Development, Target
    from shared.database.port import Kind
    from shared.ledger import Ledger

NAMELESS_SECONDS = 120


class Receiver:
    """The step as the runtime drives it."""

    name: StageName = "receiver"
    step = "receiver"
    consumes = (SnapshotShared, RefreshRequested, TargetRequested)
    level_triggered = True

    def __init__(
        self,
        config: "Development",
        ledger: "Ledger",
        databases: "Mapping[Kind, Databases]",
        credentials: "TargetCredentials",
        trusted: Callable[[tuple[str, ...]], frozenset[str]],
        probe: "Probe",
        publish: Callable[[Event], None],
        look_again: Callable[[Trigger, int], None],
        clock: Callable[[], datetime],
    ) -> None:
        self.deadline = config.deadlines.receiver
        self._config = config
        self._ledger = ledger
        self._databases = databases
        self._credentials = credentials
        self._trusted = trusted
        self._probe = probe
        self._publish = publish
        self._look_again = look_again
        self._clock = clock
        self._addresses = Addresses(config)
        self._siblings = Siblings(config, ledger, clock)

    def admit(self, trigger: Trigger) -> Wanted:
        """Find the target that a message is about, and note what an operator chose; all else is a hint.

        Of several targets each gets a message of its own before the first is looked at: whoever dies on the
        way is succeeded by the message itself, which comes again, and one look more is harmless.
        """
        assert isinstance(trigger, self.consumes)  # noqa: S101 - the runtime asks before
        wanted, *others = self._addresses.of(trigger)
        for other in others:
            self._wake(other, 0)
        if isinstance(trigger, TargetRequested):
            choose(self._ledger, self._databases[self._target(wanted).kind], wanted, trigger)
        return wanted

    def _wake(self, wanted: Wanted, delay: int) -> None:
        name = (wanted.name or wanted.source) if wanted.others else None
        asked = RefreshRequested(source=wanted.source, target=name, requested_by=self.step)
        self._look_again(asked, delay)

    def resume(self, key: str) -> Wanted | None:
        """Find the target of a wait."""
        return self._addresses.remembered(key)

    def observe(self, wanted: Wanted) -> Seen:
        """Look at what is shared, at the copies, at the target and what stands beside it."""
        databases = self._databases[self._target(wanted).kind]
        owners, keys = self._config.accept.owners, self._trusted(self._config.accept.keys)
        acceptable = [
            snapshot
            for snapshot in databases.shared_snapshots()
            if is_acceptable(snapshot, wanted.source, owners, keys)
        ]
        copies = copies_of(wanted.source, databases)
        seen = Seen(
            shared=max(acceptable, key=age_of, default=None),
            copies=copies,
            target=databases.find(wanted.target),
        )
        return self._around(wanted, seen, databases) if copies else seen

    def _wish(self, wanted: Wanted, newest: str) -> Edition | None:
        """What an operator chose, unless data that are newer have come since."""
        choice = self._ledger.choice(wanted.key)
        return Edition(choice.run_id, choice.edition) if choice and choice.over == newest else None

    def _around(self, wanted: Wanted, seen: Seen, databases: Databases) -> Seen:
        """Look at the edition that the target is to be, and at what was done with it."""
        newest = run_in(seen.copies[0])
        chosen = self._wish(wanted, newest)
        wish = chosen or Edition(newest)
        delivery = self._ledger.delivery(wish.run_id, wish.name, wanted.name)
        received = self._ledger.delivery(newest) if chosen or wanted.name else delivery
        beside_name = names.beside(wanted.target, wish.run_id, wish.name)
        asides = next_to(wanted.target, databases, "-old-")
        aside = next((database for database in asides if wish.is_in(database)), next(iter(asides), None))
        others = [*next_to(wanted.target, databases, "-new-"), *asides]
        beside = databases.find(beside_name)
        new = next((database for database in (seen.target, aside) if wish.is_in(database)), beside)
        password_set = new is not None and delivery.password_set_for == new.resource_id
        password = self._credentials.password(wanted.target) if password_set else None
        delivered = delivery.replaced_at is not None
        answers = self._asked(new, password, delivered=delivered)
        target = self._target(wanted)
        prepared = delivered or not target.prepare or (new and delivery.prepared_for == new.resource_id)
        doubt = None
        if new and password and answers and prepared and target.checks and not delivered:
            doubt = self._probe.doubt(new, password, target.checks)
        over = delivery.replaced_at + wanted.grace if delivery.replaced_at else None
        return Seen(
            shared=seen.shared,
            copies=seen.copies,
            chosen=chosen,
            target=seen.target,
            beside=beside,
            aside=aside,
            strays=tuple(
                database for database in others if database is not aside and database.name != beside_name
            ),
            answers=answers,
            prepared=bool(prepared),
            doubt=doubt,
            address_recorded=new is not None and self._credentials.names(wanted.target, new),
            received=received.received_at is not None,
            password_set=password_set,
            replaced=delivered,
            announce_again=not wish.name
            and wanted.plain
            and self._siblings.is_due_again(delivery.replaced_at, delivery),
            in_grace=over is not None and self._clock() < over,
            build_failure=delivery.build_failure,
            needed=self._siblings.needed(wanted, databases)
            if len(seen.copies) > wanted.keep
            else frozenset(),
            tell=self._siblings.to_tell(wanted, newest),
        )

    def _asked(self, database: Database | None, password: str | None, *, delivered: bool) -> bool:
        """Ask a database whether it answers, if it can be asked; a delivered one is not asked again."""
        if database is None or database.condition is not Condition.READY or not database.has_instance:
            return False
        if database.pending_changes or password is None or database.endpoint is None:
            return False
        return delivered or self._probe.answers(database, password)

    def decide(self, wanted: Wanted, seen: Seen) -> Decision[Action]:
        """Say what to do next."""
        return decide(wanted, seen)

    def act(self, wanted: Wanted, seen: Seen, action: Action) -> None:
        """Make one change."""
        databases = self._databases[self._target(wanted).kind]
        match action:
            case CopySnapshot(name=name) if seen.shared:
                targets = self._config.targets_of(wanted.source).values()
                tags = common_tags([one.tags for one in targets]) | _tags(run_in(seen.shared))
                databases.copy_snapshot(seen.shared, name, self._config.copy_key, tags)
            case AnnounceReceived(run_id):
                self._publish(SnapshotReceived(run_id=run_id))
                self._ledger.record_delivery(run_id, received_at=self._clock())
            case DeleteCopy(name):
                for copy in seen.copies:
                    if copy.name == name:
                        databases.delete_snapshot(copy)
            case _:
                self._change_database(wanted, seen, action, databases)

    def _change_database(self, wanted: Wanted, seen: Seen, action: Action, databases: Databases) -> None:
        wish = seen.chosen or Edition(run_in(seen.copies[0]))
        target = self._target(wanted)
        marks = target.tags | _tags(wish.run_id)
        tags = target.tags | _tags(wish.run_id, wish.name)
        placement = target.placement.placement()
        known = {
            database.name: database
            for database in (seen.target, seen.beside, seen.aside, *seen.strays)
            if database is not None
        }
        match action:
            case RestoreCopy(snapshot=snapshot, into=into):
                copy = next(copy for copy in seen.copies if copy.name == snapshot)
                databases.restore(copy, into, placement, tags)
            case AddInstance(name):
                databases.add_instance(known[name], placement, tags)
            case SetMasterPassword(name):
                password = self._credentials.keep(wanted.target, known[name], marks)
                databases.set_master_password(known[name], password)
                self._ledger.record_delivered_password(
                    wish.run_id, wish.name, known[name].resource_id, wanted.name
                )
            case PrepareDatabase(name):
                password = self._credentials.password(wanted.target) or ""
                self._probe.prepare(known[name], password, target.prepare)
                self._ledger.record_prepared(wish.run_id, wish.name, known[name].resource_id, wanted.name)
            case Rename(name, to):
                databases.rename(known[name], to)
            case RecordAddress(name):
                self._credentials.keep(wanted.target, known[name], marks)
            case RecordReplaced(edition):
                self._ledger.record_delivery(
                    edition.run_id, edition.name, wanted.name, replaced_at=self._clock()
                )
            case DeleteDatabase(name, failure):
                if failure:
                    self._ledger.record_delivery(wish.run_id, wish.name, wanted.name, build_failure=failure)
                databases.delete(known[name])

    def done(self, wanted: Wanted, event: Event | None) -> None:
        """Record that developers use the database of this run, or that production hears of all targets."""
        if not isinstance(event, TargetReplaced):
            return
        if not wanted.plain:
            self._siblings.told(event.run_id)
        elif self._ledger.delivery(event.run_id).replaced_at is None:
            self._ledger.record_delivery(event.run_id, replaced_at=self._clock())
        else:
            self._ledger.record_delivery(event.run_id, announced_again_at=self._clock())

    def give_up(self, wanted: Wanted, why: str) -> StageFailed | None:
        """Tell production why; the target stands as it was, and the next message tries again."""
        seen = self.observe(wanted)
        newest = seen.copies[0] if seen.copies else seen.shared
        if newest is None:
            return None
        run_id = run_in(newest)
        wish = seen.chosen or Edition(run_id)
        self._ledger.forget_build_failure(wish.run_id, wish.name, wanted.name)
        if seen.target is None and seen.aside is not None:  # stuck in a swap: no schedule is soon enough
            self._wake(wanted, NAMELESS_SECONDS)
        which = f"{wanted.target}: " if wanted.others else ""
        return StageFailed(run_id=run_id, stage="receiver", reason=f"{which}{why}"[:LONGEST_REASON])

    def _target(self, wanted: Wanted) -> "Target":
        return self._config.targets[wanted.name or wanted.source]


def _tags(run_id: str, edition: str = "") -> dict[str, str]:
    tags = {names.RUN_ID_TAG: run_id, names.SOURCE_TAG: names.source_of(run_id)}
    return tags | {names.EDITION_TAG: edition} if edition else tags
