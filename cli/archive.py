"""`snapveil archive replay`: put the events of a window of time on the account's bus again.

It is harmless: every stage takes an event that comes again for one more look.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from cli.dlq.accounts import Account, open_accounts
from cli.dlq.options import aws_errors, in_account
from cli.dlq.records import Records
from cli.exits import FAILED, FINE, InputError
from cli.view import open_console
from shared.ledger import now

ARCHIVE = "snapveil"
LOOK_EVERY_SECONDS = 2.0
MINUTE, RESOLUTION = timedelta(minutes=1), timedelta(microseconds=1)
_GOING = {"STARTING", "RUNNING", "CANCELLING"}


class _Moment(click.ParamType):  # type: ignore[type-arg] # generic since click 8.3
    """A moment as ISO 8601 writes it; without an offset it is UTC."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read one."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is no moment: write it like 2026-11-23T04:00 (UTC) or with +01:00", param, ctx
            )
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@click.group("archive")
def command() -> None:
    """Work with the archive of an account's event bus."""


@command.command("replay")
@in_account
@click.option(
    "--from", "start", type=_Moment(), required=True, help="The first minute, like 2026-11-23T04:00 (UTC)."
)
@click.option("--to", "end", type=_Moment(), help="The minute after the last.  [default: this one]")
@click.option("--archive", default=ARCHIVE, show_default=True, help="The archive's name.")
def replay_command(
    profiles: tuple[str, ...], table: str, config: str, start: datetime, end: datetime | None, archive: str
) -> int:
    """Put the events of a window of time on the bus of the account again."""
    begin, until = _whole_minutes(start, end or now(), now())
    if begin >= until:
        raise InputError(f"--from {start:%Y-%m-%dT%H:%M} is not before --to {until:%Y-%m-%dT%H:%M} (UTC)")
    codes = []
    for account in open_accounts(profiles, table, config):
        with aws_errors():
            codes.append(_replay(account, begin, until, archive))
    return max(codes)


def _whole_minutes(start: datetime, end: datetime, at: datetime) -> tuple[datetime, datetime]:
    """Widen a window to whole minutes, which is how EventBridge replays, to what is over by now."""
    return _minute(start), min(_minute(end + MINUTE - RESOLUTION), _minute(at))


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _replay(account: Account, start: datetime, end: datetime, archive: str) -> int:
    events, console = account.client("events"), open_console()
    found = _described(account, archive)
    name = f"snapveil-{now():%Y%m%dt%H%M%S%f}"
    window = f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
    events.start_replay(
        ReplayName=name,
        Description=f"asked for by {account.operator}"[:512],
        EventSourceArn=found["ArchiveArn"],
        EventStartTime=start,
        EventEndTime=end,
        Destination={"Arn": found["EventSourceArn"]},
    )
    Records(account).note_command("replayed", f"the archive {archive} {window}, as {name}")
    console.print(f"account {account.number}: replay {name} of {archive} {window}")
    try:
        ended = _watch(events, name)
    except KeyboardInterrupt:
        events.cancel_replay(ReplayName=name)
        raise
    last = ended.get("EventLastReplayedTime")
    told = (
        f"the last event is of {last.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if last else "no event was in it"
    )
    console.print(f"{ended['State'].lower()}: {told}{_because(ended)}")
    return FINE if ended["State"] == "COMPLETED" else FAILED


def _described(account: Account, archive: str) -> dict[str, Any]:
    events = account.client("events")
    try:
        found: dict[str, Any] = events.describe_archive(ArchiveName=archive)
    except events.exceptions.ResourceNotFoundException:
        raise InputError(
            f"account {account.number} has no archive {archive} in this region; --archive names another"
        ) from None
    return found


def _watch(events: Any, name: str) -> dict[str, Any]:
    while True:
        described: dict[str, Any] = events.describe_replay(ReplayName=name)
        if described["State"] not in _GOING:
            return described
        time.sleep(LOOK_EVERY_SECONDS)


def _because(described: dict[str, Any]) -> str:
    reason = described.get("StateReason")
    return f" ({reason})" if reason else ""
