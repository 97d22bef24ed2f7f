"""What an operator chose for a target: checked against what is there, and written down once a request."""

from typing import TYPE_CHECKING

from services.receiver.actions import Edition, edition_of
from services.receiver.looking import copies_of, next_to
from services.receiver.stage import Wanted, run_in
from shared.database.port import Condition, Databases
from shared.events import MessageError, TargetRequested
from shared.records import Choice

if TYPE_CHECKING:
    from shared.ledger import Ledger


def choose(ledger: "Ledger", databases: Databases, wanted: Wanted, asked: TargetRequested) -> None:
    """Write down what an operator chose, once a request. Raises MessageError if it is not there."""
    before = ledger.choice(wanted.key)
    if before is not None and before.request == asked.request:
        return
    copies = copies_of(wanted.source, databases)
    runs = [run_in(copy) for copy in copies if copy.condition is Condition.READY]
    if not runs:
        raise MessageError(f"there is no copy yet that {wanted.target} could be built from")
    edition = _aside(databases, wanted) if asked.back else Edition(asked.run_id or runs[0], asked.request[:8])
    if not asked.back and edition.run_id not in runs:
        raise MessageError(f"there is no copy of run {edition.run_id}; there are {', '.join(runs)}")
    ledger.choose(
        wanted.key, Choice(run_id=edition.run_id, edition=edition.name, over=runs[0], request=asked.request)
    )
    ledger.note(wanted.history, "receiver", "chosen", f"{edition.run_id}, asked for by {asked.requested_by}")


def _aside(databases: Databases, wanted: Wanted) -> Edition:
    """Find what a target can go back to. Raises MessageError."""
    aside = next_to(wanted.target, databases, "-old-")
    edition = edition_of(aside[0]) if aside and aside[0].condition is Condition.READY else None
    if edition is None:
        raise MessageError(
            f"nothing stands aside that {wanted.target} could go back to: the grace of {wanted.grace} is"
            " over, or it never was replaced; refresh it from an older copy instead"
        )
    return edition
