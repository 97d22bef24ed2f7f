"""EventBridge as AWS delivers: across accounts with the envelope kept, under the target bus's policy, with
dead letters.

What moto 5.2.5 does instead: a new id and time and no account on the other bus, no policy asked, disabled
rules deliver, a target that is gone breaks the publisher, dead-letter queues unused, replays of everything.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, ClassVar, cast

import moto.events.urls
from moto.core.utils import unix_time
from moto.events.exceptions import ValidationException
from moto.events.models import EventBus, EventsBackend, Rule, events_backends
from moto.sqs.models import sqs_backends

from local import archives, policies
from local.authorization import acting
from local.queues import policy_of
from local.record import Record

Envelope = Mapping[str, Any]
SERVICE = "events.amazonaws.com"
MOST_ENTRIES = 10
_REQUIRED = ("Source", "DetailType", "Detail")


class UndeliverableError(Exception):
    """A target did not take an event; `code` is what EventBridge writes beside the dead letter."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Arn:
    """The parts of an ARN that a delivery needs."""

    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def of(cls, text: str) -> "Arn":
        """Take an ARN apart."""
        _, _, service, region, account, resource = text.split(":", 5)
        return cls(service, region, account, resource)


class LiveBuses(EventsBackend):
    """The buses and rules of one account and region."""

    record: ClassVar[Record] = Record()

    @property
    def _url_module(self) -> ModuleType:
        return moto.events.urls

    def put_targets(self, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        """Refuse what would silently be delivered otherwise than in AWS."""
        for target in targets:
            if archives.is_archive(target["Arn"]):
                continue
            if "InputTransformer" in target:
                raise ValidationException(f"target {target['Id']}: InputTransformer is not emulated locally")
            if Arn.of(target["Arn"]).service not in {"sqs", "events"}:
                raise ValidationException(
                    f"target {target['Id']}: only queues and buses are emulated locally"
                )
        super().put_targets(name, event_bus_arn, targets)

    def put_events(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Take events one by one: each has its own answer, and no target can break the publisher."""
        if len(events) > MOST_ENTRIES:
            raise ValidationException(
                f"entries: at most {MOST_ENTRIES} events in one call, not {len(events)}"
            )
        return [self._put(entry) for entry in events]

    def start_replay(
        self,
        name: str,
        description: str,
        source_arn: str,
        start_time: str,
        end_time: str,
        destination: dict[str, Any],
    ) -> dict[str, Any]:
        """Replay a window of an archive; moto checks the request, and finds nothing to replay itself."""
        asked = (name, description, source_arn, start_time, end_time, destination)
        archive = self.archives.get(source_arn.rsplit("/", 1)[-1])
        if archive is None:
            return super().start_replay(*asked)  # which refuses it
        kept, archive.events = archive.events, []
        try:
            answer = super().start_replay(*asked)
        finally:
            archive.events = kept
        bus = _bus(destination["Arn"], self)
        archives.replay(self.replays[name], archive, lambda event: _publish(event, bus))
        return answer

    def describe_replay(self, name: str) -> dict[str, Any]:
        """Describe a replay."""
        return archives.look(self._get_replay(name))

    def _put(self, entry: dict[str, Any]) -> dict[str, Any]:
        for field in _REQUIRED:
            if not entry.get(field):
                return _refusal(
                    "InvalidArgument", f"Parameter {field} is not valid. Reason: {field} is required."
                )
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return _refusal("MalformedDetail", "Detail is malformed.")
        envelope = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": self.account_id,
            "time": _iso(float(entry.get("Time") or unix_time())),
            "region": self.region_name,
            "resources": entry.get("Resources", []),
            "detail": detail,
        }
        try:
            bus = _bus(entry.get("EventBusName") or "default", self)
            _admit(envelope, bus, self.account_id)
        except UndeliverableError as error:
            return _refusal(error.code, str(error))
        self.record.add(self.account_id, "bus", entry["Detail"])
        _publish(envelope, bus)
        return {"EventId": envelope["id"]}


def _publish(envelope: Envelope, bus: EventBus) -> None:
    """Hand an event to every enabled rule of a bus that it matches; one target's trouble is not another's."""
    for rule in list(bus.rules.values()):
        if rule.state != "ENABLED" or not rule.event_pattern.matches_event(cast("Any", envelope)):
            continue
        for target in list(rule.targets):
            try:
                _deliver(envelope, rule, target)
            except UndeliverableError as error:
                _bury(envelope, rule, target, error)


def _deliver(envelope: Envelope, rule: Rule, target: Mapping[str, Any]) -> None:
    arn = Arn.of(target["Arn"])
    if archives.is_archive(target["Arn"]):
        archives.keep(envelope, rule, events_backends[rule.account_id][rule.region_name].archives)
        return
    if arn.service == "sqs":
        _send(target["Arn"], json.dumps(_input(envelope, target)), rule.arn)
        return
    if envelope["account"] != rule.account_id != arn.account:
        return  # AWS does not send an event on that came from another account: no ping-pong between two buses
    bus = _bus(target["Arn"], events_backends[rule.account_id][rule.region_name])
    _take_role(envelope, rule, target)
    _admit(envelope, bus, rule.account_id)
    _publish(envelope, bus)


def _take_role(envelope: Envelope, rule: Rule, target: Mapping[str, Any]) -> None:
    """Carry an event to another account in the role that the target names, if it names one."""
    if not target.get("RoleArn"):
        return
    context = {"events:source": envelope["source"], "events:detail-type": envelope["detail-type"]}
    try:
        acting.act(SERVICE, rule.arn, target["RoleArn"], "events:PutEvents", target["Arn"], context)
    except acting.NotPermittedError as error:
        raise UndeliverableError("NO_PERMISSIONS", str(error)) from error


def _bus(name: str, asked: EventsBackend) -> EventBus:
    """Find a bus by name or ARN, in this account or another."""
    place = (
        Arn.of(name) if name.startswith("arn:") else Arn("events", asked.region_name, asked.account_id, name)
    )
    bus = events_backends[place.account][place.region].event_buses.get(place.resource.split("/")[-1])
    if bus is None:
        raise UndeliverableError("ResourceNotFoundException", f"Event bus {name} does not exist.")
    return bus


def _admit(envelope: Envelope, bus: EventBus, sender: str) -> None:
    """Let an event in from another account only if the bus's policy does."""
    if sender == bus.account_id:
        return
    request = policies.Request(
        sender,
        "events:PutEvents",
        bus.arn,
        {
            "events:source": envelope["source"],
            "events:detail-type": envelope["detail-type"],
            "aws:PrincipalAccount": sender,
        },
    )
    if not policies.allows(json.loads(bus.policy) if bus.policy else None, request):
        raise UndeliverableError(
            "NO_PERMISSIONS",
            f"the policy of {bus.arn} does not let account {sender} put {envelope['detail-type']} "
            f"from {envelope['source']}",
        )


def _send(queue_arn: str, body: str, rule_arn: str, attributes: Mapping[str, str] | None = None) -> None:
    """Put a message on a queue that exists and whose policy lets EventBridge in for this rule."""
    arn = Arn.of(queue_arn)
    backend = sqs_backends[arn.account][arn.region]
    queue = backend.queues.get(arn.resource)
    if queue is None:
        raise UndeliverableError("SQS_QUEUE_NOT_FOUND", f"{queue_arn} does not exist")
    context = {
        "aws:SourceArn": rule_arn,
        "aws:SourceAccount": Arn.of(rule_arn).account,
        "aws:SecureTransport": "true",
    }
    request = policies.Request(SERVICE, "sqs:SendMessage", queue_arn, context)
    if not policies.allows(policy_of(queue), request):
        raise UndeliverableError("NO_PERMISSIONS", f"the policy of {queue_arn} does not let {rule_arn} send")
    backend.send_message(
        queue_name=arn.resource,
        message_body=body,
        message_attributes={
            name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()
        },
    )


def _bury(envelope: Envelope, rule: Rule, target: Mapping[str, Any], error: UndeliverableError) -> None:
    """Put the event on the target's dead-letter queue; without one, or access to it, it is dropped."""
    queue_arn = target.get("DeadLetterConfig", {}).get("Arn")
    if not queue_arn:
        return
    reasons = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": str(error),
    }
    try:
        _send(queue_arn, json.dumps(envelope), rule.arn, reasons)
    except UndeliverableError:
        return


def _input(envelope: Envelope, target: Mapping[str, Any]) -> Any:
    if "Input" in target:
        return json.loads(target["Input"])
    chosen: Any = envelope
    for part in target.get("InputPath", "$").split(".")[1:]:
        chosen = chosen.get(part) if isinstance(chosen, Mapping) else None
    return chosen


def _refusal(code: str, message: str) -> dict[str, Any]:
    return {"ErrorCode": code, "ErrorMessage": message}


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
