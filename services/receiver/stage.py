"""Receiver: from the newest acceptable shared snapshot to the database that developers use.

It is level-triggered: an event and the schedule only say "look". What is to be done follows from what is
there: a newer shared snapshot is copied, a newer copy replaces the target. The new database is built beside
the old one, must answer, and then takes its name; until then the old one stands, and for the grace after it
stands aside. An operator may choose another copy, or the old database itself, until newer data arrive.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
    edition_of,
)
from shared import names
from shared.database.port import Condition, Database, Snapshot
from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.events import TargetReplaced


def key_of(target: str) -> str:
    """Name a target as the ledger remembers it."""
    return f"target#{target}"


@dataclass(frozen=True)
class Wanted:
    """What the configuration says about one target: a database of this name, from this source.

    So many copies are to `keep` as the target of the source says that wants the most. `name` is the target's
    own, where it is not named as its source; `others` name the source's other targets.
    """

    source: str
    target: str
    delete_first: bool
    keep: int
    grace: timedelta = timedelta(0)
    name: str = ""
    others: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether it is named as its source and is the source's only target: a run's record is its record."""
        return not (self.name or self.others)

    @property
    def key(self) -> str:
        """The name under which the ledger remembers the step."""
        return key_of(self.name or self.source)

    @property
    def history(self) -> str:
        """The name under which the ledger writes history."""
        return self.key


@dataclass(frozen=True)
class Seen:
    """What one look shows; copies are sorted, newest first. `password_set` and what follows it are about the
    edition that the target is to be; `needed` and `tell` are about the source's other targets."""

    shared: Snapshot | None = None
    copies: tuple[Snapshot, ...] = ()
    chosen: Edition | None = None  # what an operator asked for; else it is the newest copy's
    target: Database | None = None
    beside: Database | None = None
    aside: Database | None = None
    strays: tuple[Database, ...] = ()
    answers: bool = False
    prepared: bool = True  # nothing is left to be run in it for developers
    doubt: str | None = None  # which check of the configuration it did not pass
    address_recorded: bool = False
    received: bool = False
    password_set: bool = False
    replaced: bool = False
    announce_again: bool = False  # an event between accounts may be lost without a trace
    in_grace: bool = False
    build_failure: str | None = None
    needed: frozenset[str] = frozenset()  # runs whose copies another target stands on, or is to be built from
    tell: TargetReplaced | None = None  # the last of several targets is replaced: production is to hear of it


def run_in(snapshot: Snapshot) -> str:
    """Name the run that made a snapshot; only snapshots that name one get here."""
    run_id = names.run_of(snapshot.name)
    if run_id is None:
        raise ValueError(f"{snapshot.name} names no run")
    return run_id


def age_of(snapshot: Snapshot) -> tuple[datetime, bool, float]:
    """Order snapshots by the age of their data; one still being made is the newest of its kind."""
    made = snapshot.created_at
    return names.data_of(run_in(snapshot)), made is None, made.timestamp() if made else 0.0


def is_newer(snapshot: Snapshot, than: Snapshot) -> bool:
    """Tell whether a snapshot holds newer data, or the same data masked anew."""
    if run_in(snapshot) == run_in(than) or snapshot.created_at is None:
        return False
    fresh, old = names.data_of(run_in(snapshot)), names.data_of(run_in(than))
    return fresh > old or (
        fresh == old and than.created_at is not None and snapshot.created_at > than.created_at
    )


def excess(copies: Sequence[Snapshot], keep: int, needed: Collection[str]) -> tuple[Snapshot, ...]:
    """List the copies of one source, given newest first, beyond those to `keep`; pure.

    Only complete ones count, so that one that fails displaces none. `needed` are runs whose copies stay.
    """
    complete = [copy for copy in copies if copy.condition is Condition.READY]
    return tuple(copy for copy in complete[keep:] if run_in(copy) not in needed)


def decide(wanted: Wanted, seen: Seen) -> Decision[Action]:
    """Say what to do next; pure."""
    newest = seen.copies[0] if seen.copies else None
    if seen.shared is not None and (newest is None or is_newer(seen.shared, newest)):
        return Act(CopySnapshot(seen.shared.name, names.development_copy(run_in(seen.shared))))
    if newest is None:
        return Finish(why="nothing acceptable is shared, and there is no copy")
    match newest.condition:
        case Condition.PENDING | Condition.DELETING:
            return Wait(f"{newest.name}, which is {newest.status}")
        case Condition.FAILED:
            return Act(DeleteCopy(newest.name))
    if not seen.received:
        return Act(AnnounceReceived(run_in(newest)))
    wish = seen.chosen or Edition(run_in(newest))
    if seen.target is not None and wish.is_in(seen.target):
        return _settle(wanted, seen, seen.target, wish)
    if seen.aside is not None and wish.is_in(seen.aside) and seen.aside.condition is not Condition.FAILED:
        return _take_back(wanted, seen, seen.aside)
    copy = next((copy for copy in seen.copies if run_in(copy) == wish.run_id), None)
    if copy is None:
        return Fail(f"the copy of run {wish.run_id} is gone; ask for a refresh from the newest")
    if wanted.delete_first:
        return _clear(seen.target) or _build(seen, None, copy, wanted.target, wish)
    return _build_beside(wanted, seen, copy, wish)


def _build_beside(wanted: Wanted, seen: Seen, copy: Snapshot, wish: Edition) -> Decision[Action]:
    """Build the new database beside the target; once it answers, swap the names."""
    ready = seen.beside is not None and seen.beside.condition is Condition.READY
    if seen.target is None and seen.aside is not None and not ready:
        return _bring_back(seen.aside, wanted.target)
    if not _complete(seen, seen.beside):
        return _build(seen, seen.beside, copy, names.beside(wanted.target, wish.run_id, wish.name), wish)
    if seen.beside is None:
        raise AssertionError("a complete database is there")
    if seen.target is None:
        return Act(Rename(seen.beside.name, to=wanted.target))
    if seen.target.condition in {Condition.PENDING, Condition.DELETING}:
        return Wait(f"{seen.target.name}, which is {seen.target.status}")
    if seen.aside is not None:  # left by an earlier replacement: its name is needed now
        return _clear(seen.aside) or Fail(f"{seen.aside.name} cannot be removed")
    return Act(Rename(seen.target.name, to=names.set_aside(wanted.target, wish.run_id)))


def _take_back(wanted: Wanted, seen: Seen, aside: Database) -> Decision[Action]:
    """Swap the target for the database that stands aside; what was the target is deleted once it answers."""
    if seen.target is None or aside.condition is not Condition.READY:
        return _bring_back(aside, wanted.target)
    if seen.target.condition in {Condition.PENDING, Condition.DELETING}:
        return Wait(f"{seen.target.name}, which is {seen.target.status}")
    refused = edition_of(seen.target)
    if refused is None:
        return Fail(f"{seen.target.name} names no run; look at it and delete it by hand")
    return Act(Rename(seen.target.name, to=names.beside(wanted.target, refused.run_id, refused.name)))


def _bring_back(aside: Database, target: str) -> Decision[Action]:
    """Give the old database its name again: developers have none, or are about to get this one."""
    if aside.condition in {Condition.PENDING, Condition.DELETING}:
        return Wait(f"{aside.name}, which is {aside.status}")
    return Act(Rename(aside.name, to=target))


def _build(
    seen: Seen, database: Database | None, copy: Snapshot, into: str, wish: Edition
) -> Decision[Action]:
    """Bring the new database to the point where it answers."""
    if database is None:
        if seen.build_failure:
            return Fail(f"{seen.build_failure}; the target stands as it was; ask for a refresh to try again")
        return Act(RestoreCopy(copy.name, into))
    if not wish.is_in(database):
        return Fail(
            f"{database.name} exists and is not of run {wish.run_id}; look at it and delete it by hand"
        )
    match database.condition:
        case Condition.FAILED:
            failure = f"{database.name} was {database.status}: RDS could not restore {copy.name}"
            return Act(DeleteDatabase(database.name, failure=failure))
        case Condition.PENDING | Condition.DELETING:
            return Wait(f"{database.name}, which is {database.status}")
    if not database.has_instance:
        return Act(AddInstance(database.name))
    if not seen.password_set:
        return Act(SetMasterPassword(database.name))
    if database.pending_changes:
        return Wait(f"the master password of {database.name}")
    if not seen.answers:
        return Wait(f"{database.name} to answer")
    if not seen.prepared:
        return Act(PrepareDatabase(database.name))
    return Fail(
        f"{database.name} answers, but not as the configuration's checks want: {seen.doubt};"
        " it stands for you to look at, and is asked again at the next look"
    )


def _complete(seen: Seen, database: Database | None) -> bool:
    """Tell whether the new database needs nothing more before the swap."""
    return (
        database is not None
        and database.condition is Condition.READY
        and database.has_instance
        and seen.password_set
        and not database.pending_changes
        and seen.answers
        and seen.prepared
        and seen.doubt is None
    )


def _settle(wanted: Wanted, seen: Seen, target: Database, wish: Edition) -> Decision[Action]:
    """The target is what it is to be: see that it answers, then delete what it has replaced.

    Once developers have it, it is theirs: one that is stopped or out of space is told, never deleted.
    """
    if target.condition is Condition.FAILED and seen.replaced:
        return Finish(why=f"{target.name} is {target.status}; it is left as it is until it is replaced")
    if target.condition is Condition.FAILED and not wanted.delete_first:
        return Fail(
            f"{target.name} took its name and is {target.status} now; look at it, or ask for a refresh"
        )
    if not _complete(seen, target):
        copy = next((copy for copy in seen.copies if run_in(copy) == wish.run_id), seen.copies[0])
        return _build(seen, target, copy, wanted.target, wish)
    if not seen.address_recorded:
        return Act(RecordAddress(target.name))
    if (wish.name or not wanted.plain) and not seen.replaced:
        return Act(RecordReplaced(wish))
    kept = seen.aside if seen.in_grace or (wanted.grace and not seen.replaced) else None
    for database in (seen.beside, seen.aside, *seen.strays):
        if database is not None and database is not kept:
            return _clear(database) or Fail(f"{database.name} cannot be removed")
    needed = seen.needed | {edition.run_id for edition in (wish, kept and edition_of(kept)) if edition}
    for old in excess(seen.copies, wanted.keep, needed):
        return Act(DeleteCopy(old.name))
    if seen.tell:
        return Finish(seen.tell, why=f"{target.name} answers, and so does every target of {wanted.source}")
    if not seen.replaced or seen.announce_again:
        return Finish(TargetReplaced(run_id=wish.run_id, target=target.name), why=f"{target.name} answers")
    if kept:
        return Finish(
            why=f"{target.name} answers; {kept.name} stands until the grace of {wanted.grace} is over"
        )
    return Finish(
        why=f"{target.name} is {'what was asked for' if seen.chosen else 'of the newest copy'} already"
    )


def _clear(database: Database | None) -> Decision[Action] | None:
    """Delete a database, or wait until it is gone."""
    if database is None:
        return None
    if database.condition is Condition.DELETING:
        return Wait(f"{database.name}, which is being deleted")
    return Act(DeleteDatabase(database.name))
