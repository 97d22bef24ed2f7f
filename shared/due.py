"""What a sweep found: a thing that is to go, why, and since when; a dry run shows the same."""

from dataclasses import dataclass
from datetime import datetime

from shared.events import RemovalRequested


@dataclass(frozen=True)
class Due:
    """One thing that is to go.

    `since` may lie in the future: it stands until then; it is None if nobody knows the moment. The sweep of
    production sends `request`; a thing that `stays` is told and never deleted: only a person may.
    """

    name: str
    why: str
    since: datetime | None = None
    request: RemovalRequested | None = None
    stays: bool = False
