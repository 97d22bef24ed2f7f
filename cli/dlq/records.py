"""What the ledger of an account says about a dead letter, and the notes that a replay leaves there."""

from cli.dlq.accounts import Account
from cli.dlq.judgement import Facts, Verdict, judge
from cli.dlq.letters import Letter
from shared import names
from shared.events import (
    ContinueRequested,
    Message,
    MessageError,
    RefreshRequested,
    SweepRequested,
    TargetRequested,
)
from shared.ledger import now
from shared.messaging import run_named_in
from shared.records import Delivery, Run, StepRecord

LOG = "dead-letters"
"""The history, beside those of runs, of everything that was replayed or dropped in an account."""
LONGEST_BODY = 500


class Records:
    """Reads facts and writes notes; what does not change within a command is read once."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._ledger = account.ledger
        self._newest: dict[str, Run] | None = None

    def judge(self, letter: Letter, payload: str | None = None) -> Verdict:
        """Say what a replay of a letter would do, with this payload in place of its own if one is given."""
        message = letter.read(self._account.believed, payload)
        return judge(message, letter.destination, self._facts(message))

    def run(self, letter: Letter) -> Run | None:
        """The run that a letter is about, as this account's ledger knows it."""
        return self._ledger.run(letter.run_id) if letter.run_id else None

    def note(self, letter: Letter, what: str, why: str) -> None:
        """Write what was done with a letter into the history of its run, and into the account's own log."""
        by = (
            f"by {self._account.operator}: {letter.type or 'a message'} from {letter.queue} ({letter.reason})"
        )
        body = "" if letter.run_id else f"; it was: {letter.body[:LONGEST_BODY]}"
        for subject in (self._subject(letter), LOG):
            if subject:
                self._ledger.note(subject, "dlq", what, f"{by}; {why}{body}")

    def note_command(self, what: str, why: str) -> None:
        """Write into the account's log what was done that is about no single letter."""
        self._ledger.note(LOG, "dlq", what, f"by {self._account.operator}: {why}")

    def _subject(self, letter: Letter) -> str:
        """Name the history that a letter belongs to: a run's in production, a target's in development."""
        message = letter.read(None)
        if letter.stage == "receiver" and letter.destination and letter.destination.stage:
            if isinstance(message, ContinueRequested):
                return message.subject
            target = getattr(message, "target", None) or _source_of(message)
            return f"target#{target}" if target else ""
        return letter.run_id if names.is_run_id(letter.run_id) else ""

    def _facts(self, message: Message | MessageError) -> Facts:
        at, operator, sources = now(), self._account.operator, self._account.sources
        targets = self._account.targets
        if isinstance(message, MessageError | SweepRequested):
            return Facts(at, operator, sources=sources, targets=targets)
        run_id = run_named_in(message)
        run = self._ledger.run(run_id) if run_id else None
        source = _source_of(message)
        subject = message.subject if isinstance(message, ContinueRequested) else (run.key if run else "")
        steps: list[StepRecord] = self._ledger.steps(subject) if subject else []
        return Facts(
            now=at,
            operator=operator,
            run=run,
            newest=self._newest_run(source),
            delivery=self._delivery(run_id, source) if run_id and run is None else Delivery(),
            steps={step.step: step for step in steps},
            progress=self._ledger.progress(run_id) if run_id else None,
            sources=sources,
            targets=targets,
        )

    def _delivery(self, run_id: str, source: str) -> Delivery:
        """What was delivered of a run; of several targets it is replaced once production heard of all."""
        delivery = self._ledger.delivery(run_id)
        named = [name for name, own in (self._account.targets or {}).items() if own == source]
        if named in ([source], []):
            return delivery
        return delivery.model_copy(update={"replaced_at": delivery.announced_at})

    def _newest_run(self, source: str) -> Run | None:
        if self._newest is None:
            by_age = sorted(self._ledger.runs(), key=lambda run: run.started_at)
            self._newest = {run.source: run for run in by_age}
        return self._newest.get(source)


def _source_of(message: Message | MessageError) -> str:
    match message:
        case RefreshRequested(source=source) | TargetRequested(source=source):
            return source
        case MessageError() | SweepRequested():
            return ""
        case ContinueRequested(subject=subject) if subject.startswith("target#"):
            return subject.removeprefix("target#")
    run_id = run_named_in(message)
    return names.source_of(run_id) if run_id else ""
