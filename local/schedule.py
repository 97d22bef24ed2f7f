"""EventBridge Scheduler that fires: moto 5.2.5 stores schedules and never looks at them again."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.scheduler.models import Schedule, scheduler_backends
from moto.sqs.models import sqs_backends

from local.authorization import acting
from local.cron import Due, parse

LONGEST_SLEEP = 1.0  # seconds until a schedule that was just created is noticed


class UnknownScheduleError(LookupError):
    """No schedule has this name; the text lists those that there are."""


@dataclass(frozen=True)
class Place:
    """Where a schedule lives."""

    account: str
    region: str


class Schedules:
    """The schedules of some accounts: when each is due, and what happens then.

    Only queues of the same account are targets here, which is what Snapveil uses; another target raises
    NotImplementedError when it fires. Flexible time windows fire at their beginning.
    """

    def __init__(self, places: tuple[Place, ...], now: Callable[[], datetime]) -> None:
        self._places = places
        self._now = now
        self._since = now()

    def next_moment(self) -> datetime | None:
        """Tell when the next enabled schedule is due."""
        return min((due for due, _, _ in self._upcoming()), default=None)

    def fire_due(self) -> list[str]:
        """Fire what became due since the last call, each once; return the names."""
        now = self._now()
        due = sorted(
            ((moment, place, schedule) for moment, place, schedule in self._upcoming() if moment <= now),
            key=lambda one: (one[0], one[2].name),
        )
        self._since = now
        for _, place, schedule in due:
            self._send(place, schedule)
            if schedule.action_after_completion == "DELETE" and schedule.schedule_expression.startswith(
                "at("
            ):
                backend = scheduler_backends[place.account][place.region]
                backend.delete_schedule(schedule.group_name, schedule.name)
        return [schedule.name for _, _, schedule in due]

    def fire(self, account: str, name: str) -> None:
        """Fire one schedule now, enabled or not: an operator tries what the clock would do. Raises
        UnknownScheduleError.
        """
        known = {
            schedule.name: (place, schedule) for place, schedule in self._all() if place.account == account
        }
        if name not in known:
            raise UnknownScheduleError(
                f"account {account} has no schedule {name!r}, only {', '.join(sorted(known)) or 'none'}"
            )
        self._send(*known[name])

    def _all(self) -> Iterator[tuple[Place, Schedule]]:
        for place in self._places:
            for group in list(scheduler_backends[place.account][place.region].schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    yield place, schedule

    def _upcoming(self) -> Iterator[tuple[datetime, Place, Schedule]]:
        for place, schedule in self._all():
            if schedule.state != "ENABLED":
                continue
            moment = self._due(schedule)(max(self._since, _moment(schedule.start_date) or self._since))
            end = _moment(schedule.end_date)
            if moment is not None and (end is None or moment <= end):
                yield moment, place, schedule

    @staticmethod
    def _due(schedule: Schedule) -> Due:
        created = datetime.fromtimestamp(schedule.creation_date, UTC)
        return parse(schedule.schedule_expression, schedule.schedule_expression_timezone, started=created)

    @staticmethod
    def _send(place: Place, schedule: Schedule) -> None:
        _, _, service, region, account, name = schedule.target["Arn"].split(":", 5)
        if service != "sqs" or account != place.account:
            raise NotImplementedError(
                f"schedule {schedule.name}: only queues of the schedule's own account are emulated, "
                f"not at {schedule.target['Arn']}"
            )
        arn = f"arn:aws:scheduler:{region}:{account}:schedule-group/{schedule.group_name}"
        role, queue = schedule.target["RoleArn"], schedule.target["Arn"]
        acting.act("scheduler.amazonaws.com", arn, role, "sqs:SendMessage", queue)
        sqs_backends[account][region].send_message(
            queue_name=name, message_body=schedule.target.get("Input", "{}")
        )


class Ticking:
    """A thread that fires schedules as the clock goes."""

    def __init__(self, schedules: Schedules, now: Callable[[], datetime]) -> None:
        self._schedules = schedules
        self._now = now
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin to watch the clock."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching; returns when the thread is gone."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._schedules.fire_due()
            due = self._schedules.next_moment()
            left = (due - self._now()).total_seconds() if due else LONGEST_SLEEP
            self._stop.wait(min(max(left, 0.01), LONGEST_SLEEP))


def _moment(value: Any) -> datetime | None:
    return datetime.fromtimestamp(float(value), UTC) if value is not None else None
