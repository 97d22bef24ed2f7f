"""What was published on topics and buses, in order: the demo's result tells it, and tests read it."""

import json
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from moto.core.utils import utcnow


@dataclass(frozen=True)
class Published:
    """One event as its publisher gave it; what rules forward to another account is not told twice."""

    time: datetime
    account: str
    channel: Literal["topic", "bus"]
    type: str
    body: str


class Record:
    """Everything that was published, oldest first."""

    def __init__(self) -> None:
        self._events: list[Published] = []
        self._lock = threading.Lock()

    def add(self, account: str, channel: Literal["topic", "bus"], body: str) -> None:
        """Remember one event; its type is what the body says, or nothing."""
        with self._lock:
            self._events.append(Published(utcnow(), account, channel, _type_of(body), body))

    def events(self) -> list[Published]:
        """List what was published until now."""
        with self._lock:
            return list(self._events)


def _type_of(body: str) -> str:
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    return str(content.get("type", "")) if isinstance(content, dict) else ""
