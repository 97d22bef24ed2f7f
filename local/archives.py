"""EventBridge archives and their replays: what a bus saw is kept, and put on the same bus again on request.

moto 5.2.5 replays everything that was ever archived, whatever the window, and past our deliveries. Here a
replay hands over at once what falls into its window; whoever looks sees it start, run and end.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from moto.events.models import Archive, Replay, ReplayState, Rule

Envelope = Mapping[str, Any]
BY_MINUTE = 60  # EventBridge keeps the order of minutes, not of the events within one
_LAST = "event_last_replayed_time"  # our attribute on moto's replay
_NEXT = {ReplayState.STARTING: ReplayState.RUNNING, ReplayState.RUNNING: ReplayState.COMPLETED}


def is_archive(target_arn: str) -> bool:
    """Tell whether a rule's target is EventBridge itself: each archive has a rule that feeds it."""
    _, _, service, _, resource = target_arn.split(":", 4)
    return service == "events" and not resource.strip(":")


def keep(event: Envelope, rule: Rule, archives: Mapping[str, Archive]) -> None:
    """Put an event into the archive that the rule feeds."""
    for archive in archives.values():
        if archive.rule is not None and archive.rule.arn == rule.arn:
            archive.events.append(cast("Any", event))


def replay(asked: Replay, archive: Archive, publish: Callable[[Envelope], None]) -> None:
    """Publish what falls into the window of a replay; each event says by which replay it comes."""
    start, end = float(asked.event_start_time), float(asked.event_end_time)
    within = [event for event in archive.events if start <= _moment(event) < end]
    for event in sorted(within, key=lambda event: _moment(event) // BY_MINUTE):
        publish({**event, "replay-name": asked.name})
    setattr(asked, _LAST, max((_moment(event) for event in within), default=None))
    asked.state = ReplayState.STARTING


def look(asked: Replay) -> dict[str, Any]:
    """Describe a replay, which goes one state further with each look."""
    asked.state = _NEXT.get(asked.state, asked.state)
    last = getattr(asked, _LAST, None)
    return asked.describe() | ({} if last is None else {"EventLastReplayedTime": last})


def _moment(event: Envelope) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()
