"""The Lambda entry of a service: an SQS batch in, the messages that must come again out."""

import hashlib
import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from pydantic import BaseModel, ConfigDict, Field

from shared.events import (
    ContinueRequested,
    Message,
    MessageError,
    RefreshRequested,
    SweepRequested,
    TargetRequested,
    parse,
)
from shared.messaging import Queue
from shared.observability import count, logger
from shared.runtime import OvertakenError, Runtime

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class Environment(BaseModel):
    """What a stack gives a service (variables SNAPVEIL_*); names only, never secrets."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    config: str
    ledger_table: str
    queue_url: str
    dlq_url: str
    bus: str
    topic_arn: str = ""
    max_receive_count: int = 5

    @classmethod
    def read(cls) -> "Environment":
        """Read the process's environment. Raises pydantic's ValidationError naming what is missing."""
        prefix = "SNAPVEIL_"
        return cls.model_validate(
            {
                name.removeprefix(prefix).lower(): value
                for name, value in os.environ.items()
                if name.startswith(prefix)
            }
        )


class _Attributes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    receive_count: int = Field(alias="ApproximateReceiveCount", default=1)


class StageRecord(BaseModel):
    """One SQS record; its body is read later, so that a bad one can be buried with a reason."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    messageId: str  # noqa: N815 - the batch processor reads it by AWS's name
    body: str
    attributes: _Attributes = _Attributes()


def entry(stage: str, assemble: Callable[[Environment], tuple[Runtime, frozenset[str]]]) -> Handler:
    """Make the handler of a service.

    `assemble` builds the runtime and names the accounts whose bus events are believed. It is called for each
    batch: a changed configuration counts from the next message on.
    """
    model: Any = StageRecord  # powertools names only its own models, whose import costs 100 ms
    processor = BatchProcessor(EventType.SQS, model=model, raise_on_entire_batch_failure=False)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        environment = Environment.read()
        queue = Queue(environment.queue_url, environment.dlq_url)
        runtime, accounts = assemble(environment)

        def handle(record: StageRecord) -> None:
            try:
                message = parse(record.body, accounts=accounts)
            except MessageError as error:
                _bury(queue, stage, record, error)
                return
            with logger.append_context_keys(stage=stage, run_id=_about(message)):
                attend(record, message)

        def attend(record: StageRecord, message: Message) -> None:
            message = _told_apart(record, message)
            try:
                runtime.handle(message)
            except MessageError as error:
                _bury(queue, stage, record, error, message)
            except OvertakenError as error:
                logger.info("a message must come again", message_type=message.type, why=str(error))
                raise
            except Exception as error:
                logger.exception("a message could not be handled", message_type=message.type)
                if record.attributes.receive_count < environment.max_receive_count:
                    raise
                runtime.abandon(message, f"{type(error).__name__} on every delivery; see the dead letter")
                _bury(queue, stage, record, error, message)  # SQS would do it, but without the reason

        result: dict[str, Any] = dict(
            process_partial_response(event=event, record_handler=handle, processor=processor, context=context)
        )
        return result

    return handler


def _told_apart(record: StageRecord, message: Message) -> Message:
    """Give a request without a token one that is the same whenever SQS delivers this message again."""
    if not isinstance(message, RefreshRequested) or message.request or message.queued:
        return message
    token = hashlib.sha256(record.messageId.encode()).hexdigest()[:32]
    return message.model_copy(update={"request": token})


def _about(message: Message) -> str:
    """Name what a message is about for the log: its run, or as much as it says itself."""
    match message:
        case ContinueRequested(subject=subject):
            return subject
        case RefreshRequested(source=source) | TargetRequested(source=source):
            return f"source {source}"
        case SweepRequested():
            return "sweep"
    return message.run_id


def _bury(
    queue: Queue, stage: str, record: StageRecord, error: Exception, message: Message | None = None
) -> None:
    logger.error("buried a message", message_id=record.messageId, reason=str(error))
    count("MessageBuried", stage=stage)
    queue.bury(record.body, stage, error, message)
