"""Schedule expressions: when each is due. The calendar itself, minute by minute, is the judge of cron."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.cron import ScheduleError, parse

MONDAY = datetime(2026, 11, 16, 3, 5, tzinfo=UTC)


def after(expression: str, moment: datetime = MONDAY, zone: str = "UTC") -> str | None:
    due = parse(expression, zone, started=MONDAY)(moment)
    return due.strftime("%Y-%m-%d %H:%M") if due else None


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("cron(0 3 ? * MON *)", "2026-11-23 03:00"),
        ("cron(6 3 ? * MON *)", "2026-11-16 03:06"),
        ("cron(5 3 * * ? *)", "2026-11-17 03:05"),
        ("cron(0/15 * * * ? *)", "2026-11-16 03:15"),
        ("cron(0 8,12-14 ? * 2-6 *)", "2026-11-16 08:00"),
        ("cron(0 0 1 1 ? *)", "2027-01-01 00:00"),
        ("cron(0 0 L * ? *)", "2026-11-30 00:00"),
        ("cron(0 0 LW 5 ? *)", "2027-05-31 00:00"),
        ("cron(0 0 LW 2 ? *)", "2027-02-26 00:00"),
        ("cron(0 0 15W 11 ? 2027)", "2027-11-15 00:00"),
        ("cron(0 0 1W 5 ? 2027)", "2027-05-03 00:00"),  # the 1st is a Saturday: not back into April
        ("cron(0 0 ? * FRI#2 *)", "2026-12-11 00:00"),
        ("cron(0 0 ? * 6L *)", "2026-11-27 00:00"),
        ("cron(0 0 ? * L *)", "2026-11-21 00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29 00:00"),
        ("cron(0 0 30 2 ? *)", None),
        ("cron(0 0 * * ? 2025)", None),
        ("cron(0 3 ? DEC SUN-TUE 2026/2)", "2026-12-01 03:00"),
        ("rate(1 hour)", "2026-11-16 04:05"),
        ("rate(5 minutes)", "2026-11-16 03:10"),
        ("rate(7 days)", "2026-11-23 03:05"),
        ("at(2026-11-16T04:00:00)", "2026-11-16 04:00"),
        ("at(2026-11-16T03:05:00)", None),
    ],
)
def test_an_expression_is_due_when_its_words_say(expression: str, due: str | None) -> None:
    assert after(expression) == due


def test_a_rate_counts_from_the_creation_of_its_schedule_however_late_one_looks() -> None:
    assert after("rate(1 hour)", MONDAY + timedelta(hours=5, minutes=59)) == "2026-11-16 09:05"
    assert after("rate(1 hour)", MONDAY + timedelta(hours=6)) == "2026-11-16 10:05"


def test_times_are_local_to_the_schedules_zone() -> None:
    assert after("cron(0 3 ? * MON *)", zone="Europe/Paris") == "2026-11-23 02:00"
    assert (
        after("cron(0 3 ? * MON *)", datetime(2026, 7, 1, tzinfo=UTC), "Europe/Paris") == "2026-07-06 01:00"
    )
    assert after("at(2026-12-24T18:00:00)", zone="America/New_York") == "2026-12-24 23:00"


def test_an_hour_that_a_clock_change_skips_does_not_come_and_one_that_it_repeats_comes_once() -> None:
    spring = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert after("cron(30 2 * * ? *)", spring, "Europe/Paris") == "2026-03-30 00:30"
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    first = parse("cron(30 2 * * ? *)", "Europe/Paris")(autumn)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert after("cron(30 2 * * ? *)", first, "Europe/Paris") == "2026-10-26 01:30"


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("every day", "is no schedule"),
        ("rate(0 hours)", "is no schedule"),
        ("cron(0 3 * * MON *)", "exactly one of"),
        ("cron(0 3 ? * ? *)", "exactly one of"),
        ("cron(0 3 * * ?)", "has 5 fields"),
        ("cron(60 3 * * ? *)", "'60' in cron is not between 0 and 59"),
        ("cron(0 3 ? * 8 *)", "'8' in cron is not between 1 and 7"),
        ("cron(0 9-8 * * ? *)", "9 is after 8"),
        ("cron(0 3 ? FOO MON *)", "'FOO' in cron"),
        ("at(2026-13-01T00:00:00)", "month must be in 1..12"),
    ],
)
def test_a_wrong_expression_is_refused_with_the_reason(expression: str, why: str) -> None:
    with pytest.raises(ScheduleError, match=why):
        parse(expression, started=MONDAY)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ScheduleError, match="Mars/Olympus"):
        parse("rate(1 hour)", "Mars/Olympus", MONDAY)


def subsets(low: int, high: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(low, high), min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(
    minutes=subsets(0, 59),
    hours=subsets(0, 23),
    days=st.one_of(st.none(), subsets(1, 7)),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)),
    zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"]),
)
def test_cron_finds_the_first_minute_that_fits(
    minutes: frozenset[int],
    hours: frozenset[int],
    days: frozenset[int] | None,
    start: datetime,
    zone: str,
) -> None:
    place = ZoneInfo(zone)
    moment = start.replace(tzinfo=UTC)
    weekday = ",".join(map(str, sorted(days))) if days else "?"
    fields = [",".join(map(str, sorted(minutes))), ",".join(map(str, sorted(hours)))]
    due = parse(f"cron({' '.join(fields)} {'?' if days else '*'} * {weekday} *)", zone)(moment)
    assert due is not None
    assert due > moment

    def fits(minute: datetime) -> bool:
        local = minute.astimezone(place)
        sunday_first = local.isoweekday() % 7 + 1
        repeated = local.fold == 1
        return (
            local.minute in minutes
            and local.hour in hours
            and not repeated
            and (days is None or sunday_first in days)
        )

    assert fits(due)
    minute = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while minute < due:
        assert not fits(minute)
        minute += timedelta(minutes=1)
