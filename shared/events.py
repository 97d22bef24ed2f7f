"""The messages that the services exchange: facts in the past tense and requests.

They carry identifiers, never data, secrets or connection strings. An unknown field, type or version is
refused, so that a newer sender can never be half understood.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from shared.database.port import Kind
from shared.names import RUN_ID_PATTERN, SOURCE_PATTERN

MAX_BYTES = 16 * 1024
SOURCE_OF_EVENTS = "snapveil"

RunId = Annotated[str, Field(pattern=rf"^{RUN_ID_PATTERN}$", max_length=50)]
SourceName = Annotated[str, Field(pattern=rf"^{SOURCE_PATTERN}$", max_length=20)]
TargetName = Annotated[str, Field(pattern=rf"^{SOURCE_PATTERN}$", max_length=38)]
TargetDatabase = Annotated[str, Field(pattern=r"^snapveil-dev-[a-z0-9-]{1,50}$")]
StageName = Literal["restore", "anonymize", "snapshot", "receiver"]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ResourceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Attempt = Annotated[int, Field(ge=1, le=1000)]
Token = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class MessageError(ValueError):
    """A message that no service can act on; `reason` says why, in words for whoever reads the dead letter."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1


class RefreshRequested(_Message):
    """The schedule or an operator wants fresh data: a new run (production) or a look (development).

    In development one `target` is looked at, or all of the source where none is named. `request` tells a
    message that comes twice from a second request; without one, its SQS message id does. `queued` is
    restore's own: begin what waits for the source.
    """

    type: Literal["RefreshRequested"] = "RefreshRequested"
    source: SourceName
    target: TargetName | None = None
    requested_by: Annotated[str, Field(max_length=100)] = "schedule"
    request: Token | None = None
    queued: Literal[True] | None = None


class _OfRun(_Message):
    run_id: RunId


class _OfAttempt(_OfRun):
    attempt: Attempt = 1


class DatabaseRestored(_OfAttempt):
    """The temporary database stands, under a master password of our own; it holds personal data."""

    type: Literal["DatabaseRestored"] = "DatabaseRestored"
    resource_id: ResourceId


class DatabaseAnonymized(_OfAttempt):
    """The temporary database was masked under this policy and verification passed."""

    type: Literal["DatabaseAnonymized"] = "DatabaseAnonymized"
    resource_id: ResourceId
    policy_digest: Digest


class SnapshotShared(_OfAttempt):
    """The anonymized snapshot can be copied by the development account."""

    type: Literal["SnapshotShared"] = "SnapshotShared"
    kind: Kind
    snapshot_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:rds:[a-z0-9-]+:[0-9]{12}:[a-z0-9:-]+$")]
    policy_digest: Digest


class SnapshotReceived(_OfRun):
    """The development account holds a copy of its own: production may withdraw its snapshot."""

    type: Literal["SnapshotReceived"] = "SnapshotReceived"


class TargetReplaced(_OfRun):
    """Developers use the database of this run: its source's target, or all of them where it has `others`."""

    type: Literal["TargetReplaced"] = "TargetReplaced"
    target: TargetDatabase
    others: Annotated[tuple[TargetDatabase, ...], Field(min_length=1, max_length=100)] | None = None


class StageFailed(_OfAttempt):
    """A stage gave up for good; whoever made something for this run removes it."""

    type: Literal["StageFailed"] = "StageFailed"
    stage: StageName
    reason: Reason


class RemovalRequested(_OfAttempt):
    """A sweep found something that this run left behind."""

    type: Literal["RemovalRequested"] = "RemovalRequested"
    reason: Reason


class TargetRequested(_Message):
    """An operator wants a target anew: from the newest copy, from that of a run, or `back` as it was before.

    Without a `target` it is the one that is named as its source. `request` tells a message that comes twice
    from one that is sent again.
    """

    type: Literal["TargetRequested"] = "TargetRequested"
    source: SourceName
    target: TargetName | None = None
    request: Token
    run_id: RunId | None = None
    back: bool = False
    requested_by: Annotated[str, Field(max_length=100)] = "operator"

    @model_validator(mode="after")
    def _one_wish(self) -> "TargetRequested":
        if self.back and self.run_id is not None:
            raise ValueError("back goes to what stands aside, so that no run can be named with it")
        return self


class SweepRequested(_Message):
    """The hourly schedule asks each owner to find what every other path missed."""

    type: Literal["SweepRequested"] = "SweepRequested"


class ContinueRequested(_Message):
    """A stage's note to itself: look again. Live while the ledger holds its token or the one before it."""

    type: Literal["ContinueRequested"] = "ContinueRequested"
    subject: Annotated[str, Field(pattern=r"^[a-z0-9#-]{1,80}$")]
    step: Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z]+)?$", max_length=40)]
    token: Token
    after: Token


Event = (
    DatabaseRestored | DatabaseAnonymized | SnapshotShared | SnapshotReceived | TargetReplaced | StageFailed
)
OfAttempt = DatabaseRestored | DatabaseAnonymized | SnapshotShared | StageFailed | RemovalRequested
Trigger = Event | RefreshRequested | TargetRequested | RemovalRequested
Message = Trigger | SweepRequested | ContinueRequested

CROSSING = frozenset({"SnapshotShared", "SnapshotReceived", "TargetReplaced", "StageFailed"})

_messages: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def parse(body: str, *, accounts: frozenset[str] = frozenset()) -> Message:
    """Read the body of an SQS message: a message, or the EventBridge envelope around one.

    `accounts` are those whose events are believed; an event from any other is refused.
    Raises MessageError.
    """
    if len(body.encode()) > MAX_BYTES:
        raise MessageError(f"the message has more than {MAX_BYTES} bytes")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"the body is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise MessageError("the body is no JSON object")
    if "detail-type" in content:
        content = _open_envelope(content, accounts)
    try:
        return _messages.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise MessageError(f"{where}: {first['msg']}") from error


def _open_envelope(envelope: dict[str, Any], accounts: frozenset[str]) -> dict[str, Any]:
    if envelope.get("account") not in accounts:
        raise MessageError(f"events of account {envelope.get('account')!r} are not trusted here")
    if envelope.get("source") != SOURCE_OF_EVENTS:
        raise MessageError(f"the event's source is {envelope.get('source')!r}, not {SOURCE_OF_EVENTS!r}")
    detail = envelope.get("detail")
    if not isinstance(detail, dict) or detail.get("type") != envelope["detail-type"]:
        raise MessageError("the event's detail-type is not the type of the message inside it")
    if detail["type"] not in CROSSING:
        raise MessageError(f"{detail['type']} may not come from another account")
    if detail["type"] == "StageFailed" and detail.get("stage") != "receiver":
        raise MessageError("another account may report only that the receiver failed")
    return detail


def dump(message: BaseModel) -> str:
    """Write a message as the JSON that `parse` reads.

    What it does not say is left out, so that a receiver from before a field was added reads it as well.
    """
    return message.model_dump_json(exclude_none=True)


def load_event(text: str) -> Event:
    """Read back an event that the ledger kept."""
    message = parse(text)
    if not isinstance(message, Event):
        raise MessageError(f"{message.type} is a request, not an event")
    return message
