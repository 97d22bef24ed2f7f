"""Settled: a target that is what it is to be, and what its receiver's step deletes from then on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from services.receiver.actions import DeleteDatabase, Edition
from services.receiver.addressing import Addresses
from services.receiver.stage import Seen, Wanted, decide, key_of, run_in
from shared import names
from shared.database.port import Condition, Database, Snapshot
from shared.decision import Act

if TYPE_CHECKING:
    from shared.config import Development
    from shared.ledger import Ledger


@dataclass(frozen=True)
class Settled:
    """When the grace of a target ends, and since or from when the databases that it has replaced go."""

    at: datetime
    replaced: Mapping[str, datetime]


def settled(
    ledger: "Ledger",
    config: "Development",
    name: str,
    copies: Sequence[Snapshot],
    standing: Sequence[Database],
) -> Settled | None:
    """Say what goes beside a target; None as long as it is not what it is to be.

    Given are the copies of its source, newest first, and every database for developers. Nothing is asked
    whether it answers: what developers were given has answered before.
    """
    wanted = Addresses(config).remembered(key_of(name))
    if wanted is None or not copies:
        return None
    newest = run_in(copies[0])
    choice = ledger.choice(wanted.key)
    chosen = Edition(choice.run_id, choice.edition) if choice and choice.over == newest else None
    wish = chosen or Edition(newest)
    target = next((one for one in standing if one.name == wanted.target), None)
    if target is None or not wish.is_in(target):
        return None
    delivery = ledger.delivery(wish.run_id, wish.name, wanted.name)
    if delivery.replaced_at is None:
        return None
    seen = replace(
        _around(wanted, wish, standing),
        copies=tuple(copies),
        chosen=chosen,
        target=target,
        answers=True,
        address_recorded=True,
        received=True,
        password_set=delivery.password_set_for == target.resource_id,
        replaced=True,
    )
    end = delivery.replaced_at + wanted.grace
    going = dict.fromkeys(_deleted(wanted, seen), end)
    at_once = dict.fromkeys(_deleted(wanted, replace(seen, in_grace=True)), delivery.replaced_at)
    return Settled(end, going | at_once)


def _around(wanted: Wanted, wish: Edition, standing: Sequence[Database]) -> Seen:
    """See what stands beside and aside, as the step does; what is being deleted is as good as gone."""
    own = [one for one in standing if one.condition is not Condition.DELETING]
    own.sort(key=lambda one: one.name, reverse=True)
    asides = [one for one in own if one.name.startswith(f"{wanted.target}-old-")]
    others = [one for one in own if one.name.startswith(f"{wanted.target}-new-")] + asides
    aside = next((one for one in asides if wish.is_in(one)), next(iter(asides), None))
    beside_name = names.beside(wanted.target, wish.run_id, wish.name)
    return Seen(
        beside=next((one for one in others if one.name == beside_name), None),
        aside=aside,
        strays=tuple(one for one in others if one is not aside and one.name != beside_name),
    )


def _deleted(wanted: Wanted, seen: Seen) -> Iterator[str]:
    """List the databases that the step would delete one after the other, by its own decisions."""
    while True:
        decision = decide(wanted, seen)
        if not isinstance(decision, Act) or not isinstance(decision.action, DeleteDatabase):
            return
        gone = decision.action.database
        if seen.target is not None and gone == seen.target.name:  # it failed: that is for the step alone
            return
        yield gone
        seen = replace(
            seen,
            beside=_unless(gone, seen.beside),
            aside=_unless(gone, seen.aside),
            strays=tuple(one for one in seen.strays if one.name != gone),
        )


def _unless(gone: str, database: Database | None) -> Database | None:
    return None if database is None or database.name == gone else database
