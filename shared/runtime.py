"""The runtime of all four stages: one chain of waits per step, deadlines, errors by class, outcomes.

A chain is a token in the ledger. Each look ends by sending the next `ContinueRequested` with a fresh token,
then replacing the ledger's token by it. In that order no crash can lose the chain: a message whose token the
ledger does not know yet names the one it succeeds, and every other stray is dropped. A fresh event takes the
chain over, which is why a duplicate, a replay and a late delivery are each just one more look at the world.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from shared import errors
from shared.config import Pace
from shared.database.guard import GuardError
from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.errors import ErrorClass, NotYetError, RefusedError
from shared.events import (
    ContinueRequested,
    Event,
    Message,
    MessageError,
    SweepRequested,
    Trigger,
    dump,
    load_event,
)
from shared.ledger import Ledger
from shared.messaging import DevelopmentPublisher, ProductionPublisher, Queue
from shared.observability import count, logger
from shared.records import Ending, StepRecord, StepState
from shared.stage import AnyStage, Drop, Subject


class OvertakenError(Exception):
    """Another delivery moved the step on; the message must come again, or what it asks could be missed."""


@dataclass(frozen=True)
class Look:
    """One delivery's view of a step: its record, the tokens that it may replace, and whether it is a wait."""

    stage: AnyStage
    subject: Subject
    record: StepRecord
    tokens: frozenset[str]
    is_wait: bool


class Runtime:
    """Runs the stages of one service."""

    def __init__(
        self,
        stages: Sequence[AnyStage],
        ledger: Ledger,
        queue: Queue,
        publisher: ProductionPublisher | DevelopmentPublisher,
        pace: Pace,
        clock: Callable[[], datetime],
        sweep: Callable[[], Iterable[Trigger]] = tuple,
    ) -> None:
        self._stages = stages
        self._ledger = ledger
        self._queue = queue
        self._publisher = publisher
        self._pace = pace
        self._clock = clock
        self._sweep = sweep

    def handle(self, message: Message) -> None:
        """Handle one message; returning means that it may be deleted.

        Raises MessageError if nobody can act on it, and OvertakenError if it must come again.
        """
        for look in self._looks(message):
            self._look(look)

    def abandon(self, message: Message, why: str) -> None:
        """Fail what a message is about: it is about to become a dead letter."""
        for look in self._looks(message):
            self._end(look, Fail(why))

    # Whose turn is it? --------------------------------------------------------------------------------

    def _looks(self, message: Message) -> Iterable[Look]:
        match message:
            case SweepRequested():
                for request in self._sweep():
                    self._queue.send(request)
            case ContinueRequested():
                yield from self._continued(message)
            case _:
                stages = [stage for stage in self._stages if isinstance(message, stage.consumes)]
                if not stages:
                    raise MessageError(f"{message.type} is not for this service")
                for stage in stages:
                    yield from self._triggered(stage, message)

    def _continued(self, message: ContinueRequested) -> Iterable[Look]:
        stage = next((stage for stage in self._stages if stage.step == message.step), None)
        if stage is None:
            raise MessageError(f"this service has no step {message.step!r}")
        record = self._ledger.step(message.subject, message.step)
        if record is not None and not self._still_working(record):
            return
        tokens = frozenset({message.token, message.after})
        if record is None or record.token not in tokens:
            logger.info("dropped a stale wait", step=message.step)
            return
        subject = stage.resume(message.subject)
        if subject is None:
            logger.warning("dropped a wait without a subject", step=message.step)
            return
        yield Look(stage, subject, record, tokens, is_wait=True)

    def _triggered(self, stage: AnyStage, trigger: Trigger) -> Iterable[Look]:
        subject = stage.admit(trigger)
        if isinstance(subject, Drop):
            logger.info("dropped a message", message_type=trigger.type, step=stage.step, why=subject.why)
            return
        record = self._ledger.step(subject.key, stage.step)
        if record is None:
            record = self._begin(stage, subject, trigger, None)
        elif not self._still_working(record):
            if not stage.level_triggered:
                logger.info("dropped a message for an ended step", step=stage.step)
                return
            record = self._begin(stage, subject, trigger, record)
        yield Look(stage, subject, record, frozenset({record.token}), is_wait=False)

    def _begin(
        self, stage: AnyStage, subject: Subject, trigger: Trigger, ended: StepRecord | None
    ) -> StepRecord:
        now = self._clock()
        record = StepRecord(
            subject=subject.key,
            step=stage.step,
            state=StepState.WORKING,
            token=secrets.token_hex(16),
            trigger=dump(trigger),
            started_at=now,
            deadline=now + stage.deadline,
        )
        if self._ledger.begin_step(record, instead_of=ended.token if ended else None):
            return record
        raise OvertakenError(f"{stage.step} of {subject.key} was begun by another delivery")

    # One look -----------------------------------------------------------------------------------------

    def _look(self, look: Look) -> None:
        with logger.append_context_keys(run_id=look.subject.history, step=look.stage.step):
            if look.record.ending:  # whoever decided so died before the step had ended
                self._conclude(look, _decision_of(look.record.ending))
                return
            decision = self._decide_and_act(look)
            match decision:
                case Act():
                    self._again(look, delay=0, waiting_for=None)
                case Wait(why, queued):
                    delay = self._pace.delay(look.record.waits)
                    self._again(look, delay=delay, waiting_for=why, queued=queued)
                case Finish() | Fail():
                    self._end(look, decision)

    def _decide_and_act(self, look: Look) -> Decision[object]:
        """Observe, decide and act once; a refused call becomes a wait or a failure by its class."""
        stage, subject = look.stage, look.subject
        if self._clock() >= look.record.deadline:
            waited = look.record.waiting_for or "its end"
            return Fail(f"deadline of {stage.deadline} passed while waiting for {waited}")
        try:
            seen = stage.observe(subject)
            decision: Decision[object] = stage.decide(subject, seen)
            if isinstance(decision, Act):
                stage.act(subject, seen, decision.action)
                self._note(look, "did", str(decision.action))
        except ClientError as error:
            return self._meaning(error)
        except BotoCoreError as error:
            return Wait(f"AWS cannot be reached: {error}")
        except NotYetError as error:
            return Wait(f"{ErrorClass.NOT_YET}: {error}")
        except (GuardError, RefusedError) as error:
            return Fail(str(error))
        return decision

    @staticmethod
    def _meaning(error: ClientError) -> Decision[object]:
        meaning = errors.classify(error)
        if meaning is ErrorClass.PERMANENT:
            return Fail(errors.describe(error))
        return Wait(f"{meaning}: {errors.describe(error)}")

    def _again(self, look: Look, *, delay: int, waiting_for: str | None, queued: bool = False) -> None:
        record = look.record
        begins = self._clock() + timedelta(seconds=delay)
        following = record.model_copy(
            update={
                "token": secrets.token_hex(16),
                "looks": record.looks + 1,
                "waits": record.waits + 1 if waiting_for else 0,
                "waiting_for": waiting_for,
                "deadline": begins + look.stage.deadline if queued else record.deadline,
            }
        )
        self._queue.send(
            ContinueRequested(
                subject=record.subject, step=record.step, token=following.token, after=record.token
            ),
            delay=delay,
        )
        if self._advance(look, following) and waiting_for and waiting_for != record.waiting_for:
            self._note(look, "waits", waiting_for)

    def _end(self, look: Look, decision: Finish | Fail) -> None:
        """Write down how the step ends before anything follows from it: what follows changes what the next
        look would see, and whoever dies in between is succeeded by the next delivery, which ends it the same.
        """
        if look.record.ending:
            self._conclude(look, _decision_of(look.record.ending))
            return
        ending = look.record.model_copy(update={"ending": _written(decision)})
        if self._advance(look, ending):
            self._conclude(replace(look, record=ending), decision)

    def _conclude(self, look: Look, decision: Finish | Fail) -> None:
        """Record the outcome, then publish it; all of it may be repeated."""
        stage, subject = look.stage, look.subject
        if isinstance(decision, Fail):
            event: Event | None = stage.give_up(subject, decision.why)
            state, what = StepState.FAILED, "failed"
            count("StepFailed", step=stage.step)
            logger.error("step failed", why=decision.why)
        else:
            event = decision.event
            stage.done(subject, event)
            state, what = StepState.FINISHED, "finished"
        ended = look.record.model_copy(
            update={
                "state": state,
                "waiting_for": None,
                "ending": None,
                "ended_at": self._clock(),
                "outcome": dump(event) if event else None,
                "published": False,
            }
        )
        if self._advance(look, ended):
            self._note(look, what, decision.why)
            self._still_working(ended)

    def _advance(self, look: Look, record: StepRecord) -> bool:
        if self._ledger.advance_step(record, look.tokens):
            return True
        why = f"{record.step} of {record.subject} was moved on by another delivery"
        if not look.is_wait:
            raise OvertakenError(why)
        logger.info("dropped a wait", why=why)
        return False

    def _still_working(self, record: StepRecord) -> bool:
        """Tell whether a step goes on; one that ended publishes its outcome, if nobody has yet."""
        if record.state is StepState.WORKING:
            return True
        if not record.published:
            if record.outcome:
                self._publisher.publish(load_event(record.outcome))
            self._ledger.mark_published(record)
        return False

    def _note(self, look: Look, what: str, why: str) -> None:
        logger.info(what, why=why)
        self._ledger.note(look.subject.history, look.stage.step, what, why)


def _written(decision: Finish | Fail) -> str:
    event = dump(decision.event) if isinstance(decision, Finish) and decision.event else None
    return Ending(failed=isinstance(decision, Fail), why=decision.why, event=event).model_dump_json()


def _decision_of(written: str) -> Finish | Fail:
    ending = Ending.model_validate_json(written)
    if ending.failed:
        return Fail(ending.why)
    return Finish(load_event(ending.event) if ending.event else None, ending.why)
