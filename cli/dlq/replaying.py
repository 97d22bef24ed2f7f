"""One replay: what is chosen in each queue, what is to become of it, and which way each queue goes."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from cli.dlq import showing
from cli.dlq.accounts import Account
from cli.dlq.editing import mend
from cli.dlq.letters import Letter
from cli.dlq.moving import Mover
from cli.dlq.queues import Held
from cli.dlq.records import Records
from cli.dlq.selection import Selection
from cli.dlq.sending import Plan, Sender, UnsentError
from cli.exits import FAILED, FINE, InputError
from shared.ledger import now


class Replay:
    """The replay of the chosen dead letters of one account."""

    def __init__(
        self, account: Account, selection: Selection, rate: int, *, force: bool, say: Callable[[Any], None]
    ) -> None:
        self.letters: list[Letter] = []
        self.exit_code = FINE
        self._account = account
        self._selection = selection
        self._force = force
        self._say = say
        self._records = Records(account)
        self._sender = Sender(account, self._records, rate)
        self._mover = Mover(account, rate)
        self._queues: list[tuple[Held, list[Plan], bool]] = []

    def plan(
        self,
        queues: Sequence[tuple[Held, list[Letter]]],
        changes: Sequence[tuple[str, Any]],
        *,
        interactive: bool,
    ) -> None:
        """Choose, mend and judge; nothing is changed yet. What is not chosen is given back at once."""
        for held, letters in queues:
            self.letters += letters
            chosen = self._selection.choose(letters, now())
            held.release([letter for letter in letters if letter not in chosen])
            plans = [
                self._planned(letter, changes, interactive=False) for letter in chosen if not interactive
            ]
            whole = bool(plans) and chosen == letters and self._goes_as_a_whole(held, plans)
            self._queues.append((held, plans, whole))
        if interactive:
            self._plan_edited(queues, changes)

    def preview(self) -> RenderableType:
        """Show what would happen."""
        parts: list[RenderableType] = []
        for held, plans, whole in self._queues:
            if plans:
                how = f", moved by SQS to {held.queue.stage_queue}" if whole else ""
                parts += [Text(f"{held.queue.name}: {len(plans)} chosen{how}"), showing.plans_table(plans)]
        return Group(*parts, Text("nothing was changed" if parts else "no dead letter is meant"))

    def run(self) -> None:
        """Do it, queue by queue."""
        if not any(plans for _, plans, _ in self._queues):
            self._say("no dead letter is meant")
        for held, plans, whole in self._queues:
            if whole:
                self._move(held, plans)
            else:
                self._send(held, plans)

    def _planned(self, letter: Letter, changes: Sequence[tuple[str, Any]], *, interactive: bool) -> Plan:
        payload = (
            mend(letter, changes, interactive=interactive, believed=self._account.believed)
            if changes or interactive
            else None
        )
        verdict = self._records.judge(letter, payload)
        return Plan(letter, verdict, payload, forced=self._force)

    def _plan_edited(
        self, queues: Sequence[tuple[Held, list[Letter]]], changes: Sequence[tuple[str, Any]]
    ) -> None:
        chosen = [
            (number, letter)
            for number, (_, letters) in enumerate(queues)
            for letter in self._selection.choose(letters, now())
        ]
        if len(chosen) != 1:
            raise InputError(f"--edit is for one dead letter, not for {len(chosen)}")
        ((number, letter),) = chosen
        held, _, _ = self._queues[number]
        self._queues[number] = (held, [self._planned(letter, changes, interactive=True)], False)

    def _goes_as_a_whole(self, held: Held, plans: Sequence[Plan]) -> bool:
        """Tell whether SQS can do it: nothing is to be chosen, changed, dropped or sent elsewhere."""
        return (
            self._selection.whole_queues
            and held.queue.stage_queue is not None
            and all(plan.as_it_is and plan.destination.queue == held.queue.stage_queue for plan in plans)
        )

    def _move(self, held: Held, plans: Sequence[Plan]) -> None:
        destination = str(held.queue.stage_queue)
        for plan in plans:
            self._records.note(
                plan.letter, "replayed", f"moved by SQS with all of {held.queue.name}; {plan.words}"
            )
        held.release()  # SQS moves only what nobody holds
        ended = self._mover.move(
            held.queue,
            destination,
            [plan.letter for plan in plans],
            lambda moved, of: self._say(f"{held.queue.name}: {moved} of {of} moved"),
        )
        for plan in plans:
            self._say(showing.done(plan))
        self._say(f"{held.queue.name}: {ended.moved} moved to {destination} by SQS, {ended.status.lower()}")
        if not ended.well:
            self._say(f"{held.queue.name}: {ended.failure or 'the rest stays where it is'}")
            self.exit_code = FAILED

    def _send(self, held: Held, plans: Sequence[Plan]) -> None:
        for plan in plans:
            try:
                if plan.sends:
                    self._sender.replay(held, plan)
                elif plan.drops:
                    self._sender.drop(held, plan.letter, plan.verdict.why)
                else:
                    self.exit_code = FAILED
                self._say(showing.done(plan))
            except UnsentError as error:  # of this letter; those behind it may go
                self._say(showing.unsent(plan, str(error)))
                self.exit_code = FAILED
