"""When a schedule is due: EventBridge Scheduler's at(), rate() and cron() expressions, in their time zone.

cron() has six fields – minutes hours day-of-month month day-of-week year – where exactly one of the two days
is `?` (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html). Days of the week count
from 1 = Sunday.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if number}
DAYS = {
    name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)
}
LAST_YEAR = 2199
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(r"rate\((?P<value>[1-9][0-9]*) (?P<unit>minute|hour|day)s?\)")
_AT = re.compile(r"at\((?P<when>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_CRON = re.compile(r"cron\((?P<fields>.+)\)")


class ScheduleError(ValueError):
    """A schedule expression that EventBridge Scheduler would refuse; the text says what is wrong."""


Due = Callable[[datetime], datetime | None]
"""Tells the first moment after another at which a schedule fires, or None if there is no more."""


def parse(expression: str, zone: str = "UTC", started: datetime | None = None) -> Due:
    """Read a schedule expression; a rate counts from `started`. Raises ScheduleError."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ScheduleError(f"{zone!r} is no time zone: use a name like Europe/Paris") from error
    if match := _RATE.fullmatch(expression):
        return _rate(timedelta(seconds=int(match["value"]) * _UNITS[match["unit"]]), started)
    if match := _AT.fullmatch(expression):
        return _at(match["when"], place)
    if match := _CRON.fullmatch(expression):
        return Cron.read(match["fields"], place).after
    raise ScheduleError(
        f"{expression!r} is no schedule: use at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields)"
    )


def _rate(every: timedelta, started: datetime | None) -> Due:
    if started is None:
        raise ScheduleError("a rate counts from its schedule's creation, which was not given")

    def after(moment: datetime) -> datetime:
        return started + every * max(1, (moment - started) // every + 1)

    return after


def _at(when: str, place: ZoneInfo) -> Due:
    try:
        moment = datetime.fromisoformat(when).replace(tzinfo=place).astimezone(UTC)
    except ValueError as error:
        raise ScheduleError(f"at({when}): {error}") from error
    return lambda earlier: moment if moment > earlier else None


@dataclass(frozen=True)
class Cron:
    """A cron expression, taken apart."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    day_fits: Callable[[date], bool]
    place: ZoneInfo

    @classmethod
    def read(cls, text: str, place: ZoneInfo) -> "Cron":
        """Read the six fields. Raises ScheduleError."""
        fields = text.upper().split()
        if len(fields) != 6:
            raise ScheduleError(
                f"cron({text}) has {len(fields)} fields, not 6 (minutes hours day month weekday year)"
            )
        minutes, hours, day, month, weekday, year = fields
        if (day == "?") == (weekday == "?"):
            raise ScheduleError(f"cron({text}): exactly one of day-of-month and day-of-week must be ?")
        return cls(
            minutes=_numbers(minutes, 0, 59),
            hours=_numbers(hours, 0, 23),
            months=_numbers(month, 1, 12, MONTHS),
            years=_numbers(year, 1970, LAST_YEAR),
            day_fits=_day_of_month(day) if weekday == "?" else _day_of_week(weekday),
            place=place,
        )

    def after(self, moment: datetime) -> datetime | None:
        """Tell the first minute after `moment` that fits, in UTC; None if the years are over.

        Local times that a clock change skips do not fire; those that it repeats fire once.
        """
        for local in self._local_times(moment.astimezone(self.place).date()):
            due = local.replace(tzinfo=self.place).astimezone(UTC)
            exists = due.astimezone(self.place).replace(tzinfo=None) == local
            if exists and due > moment:
                return due
        return None

    def _local_times(self, first: date) -> Iterator[datetime]:
        for year in (year for year in self.years if year >= first.year):
            for month in (month for month in self.months if (year, month) >= (first.year, first.month)):
                for day in range(1, calendar.monthrange(year, month)[1] + 1):
                    today = date(year, month, day)
                    if today < first or not self.day_fits(today):
                        continue
                    for hour in self.hours:
                        for minute in self.minutes:
                            yield datetime(year, month, day, hour, minute)


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> tuple[int, ...]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            begin, end = low, high
        else:
            begin = _number(first, low, high, names)
            end = _number(last, low, high, names) if last else (high if step else begin)
        if end < begin:
            raise ScheduleError(f"{part!r} in cron: {first} is after {last}")
        found.update(range(begin, end + 1, _number(step, 1, high, None) if step else 1))
    return tuple(sorted(found))


def _number(text: str, low: int, high: int, names: dict[str, int] | None) -> int:
    number = (names or {}).get(text, int(text) if text.isdecimal() else -1)
    if not low <= number <= high:
        raise ScheduleError(f"{text!r} in cron is not between {low} and {high}")
    return number


def _day_of_month(field: str) -> Callable[[date], bool]:
    if field == "L":
        return lambda day: day.day == _last(day)
    if field == "LW":
        return lambda day: day == _workday_near(day, _last(day))
    if field.endswith("W"):
        wanted = _number(field[:-1], 1, 31, None)
        return lambda day: day == _workday_near(day, wanted)
    days = frozenset(_numbers(field, 1, 31))
    return lambda day: day.day in days


def _day_of_week(field: str) -> Callable[[date], bool]:
    if field == "L":
        return lambda day: _weekday(day) == DAYS["SAT"]
    if field.endswith("L"):
        wanted = _number(field[:-1], 1, 7, DAYS)
        return lambda day: _weekday(day) == wanted and day.day > _last(day) - 7
    if "#" in field:
        name, _, nth = field.partition("#")
        wanted, place = _number(name, 1, 7, DAYS), _number(nth, 1, 5, None)
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == place
    days = frozenset(_numbers(field, 1, 7, DAYS))
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _workday_near(day: date, wanted: int) -> date | None:
    """The Monday to Friday nearest to a day of this month, without leaving the month."""
    if wanted > _last(day):
        return None
    target = day.replace(day=wanted)
    shift = {5: -1, 6: 1}.get(target.weekday(), 0)
    if shift == -1 and wanted == 1:
        shift = 2
    if shift == 1 and wanted == _last(day):
        shift = -2
    return target + timedelta(days=shift)
