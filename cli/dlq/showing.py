"""Dead letters as a person or a program reads them: counts, one letter whole, and what a replay did."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.dlq.judgement import Effect, Verdict
from cli.dlq.letters import SUFFIX, Cause, Letter
from cli.dlq.sending import Plan
from shared.names import PREFIX
from shared.records import Run, Transition

SHORT_ID = 8
_STYLES = {
    Effect.RESUMES: "green",
    Effect.RESTARTS: "yellow",
    Effect.LOOKS: "green",
    Effect.FAILS: "red",
    Effect.FINISHED: "dim",
    Effect.REFUSED: "red",
}


def counts(letters: Iterable[Letter], at: datetime) -> Table:
    """Count letters by queue, stage, type, run and reason, the oldest first."""
    groups: dict[tuple[str, ...], list[Letter]] = {}
    for letter in sorted(letters, key=lambda letter: letter.sent_at):
        key = (letter.queue, letter.stage, letter.type, letter.run_id, letter.reason)
        groups.setdefault(key, []).append(letter)
    table = _table("count", "oldest", "queue", "message", "reason", "oldest's id")
    for (queue, stage, kind, run_id, reason), members in groups.items():
        short = queue.removeprefix(PREFIX).removesuffix(SUFFIX)
        where = short if stage in {short, ""} else f"{short}\nfor {stage}"
        table.add_row(
            str(len(members)),
            age(at - members[0].sent_at),
            where,
            _cell(f"{kind or '(not understood)'}\n{run_id}".strip()),
            _cell(reason),
            members[0].id[:SHORT_ID],
        )
    return table


def as_data(account: str, letters: Iterable[Letter], at: datetime) -> list[dict[str, Any]]:
    """Describe letters for a program, one a mapping."""
    return [
        {
            "account": account,
            "queue": letter.queue,
            "id": letter.id,
            "stage": letter.stage or None,
            "type": letter.type or None,
            "run_id": letter.run_id or None,
            "cause": letter.cause.name.lower(),
            "reason": letter.reason,
            "error": letter.error or None,
            "sent_at": letter.sent_at.isoformat(timespec="seconds"),
            "age_seconds": int((at - letter.sent_at).total_seconds()),
            "receive_count": letter.receive_count,
        }
        for letter in sorted(letters, key=lambda letter: letter.sent_at)
    ]


def whole(letter: Letter, run: Run | None, verdict: Verdict, at: datetime) -> RenderableType:
    """Show everything about one letter."""
    grid = Table.grid(padding=(0, 2))
    for name, value in _facts(letter, run, at).items():
        if value:
            grid.add_row(Text(name, style="dim"), _cell(value))
    replay = Text.assemble(
        "\na replay: ", (verdict.effect.value, _STYLES[verdict.effect]), f" – {printable(verdict.why)}"
    )
    if verdict.instead is not None:
        replay.append(f"\nit sends {verdict.instead.type} to {PREFIX}{verdict.to} instead")
    return Group(grid, replay, Text(f"\n{body_of(letter)}"))


def plans_table(plans: Sequence[Plan]) -> Table:
    """Show what a replay would do with each letter."""
    table = _table("id", "message", "what happens")
    for plan in plans:
        table.add_row(
            plan.letter.id[:SHORT_ID],
            _cell(f"{plan.letter.type or '(not understood)'}\n{plan.letter.run_id}".strip()),
            Text(printable(plan.words), style="" if plan.forced else _STYLES[plan.verdict.effect]),
        )
    return table


def done(plan: Plan) -> Text:
    """Say in one line what was done with a letter."""
    name = " ".join(
        part for part in (plan.letter.id[:SHORT_ID], plan.letter.type, plan.letter.run_id) if part
    )
    if plan.sends:
        return _cell(f"{name} → {plan.destination}: {plan.words}")
    return _cell(f"{name}: {plan.words}" + ("" if plan.drops else "; it stays where it is"))


def unsent(plan: Plan, why: str) -> Text:
    """Say in one line that a letter could not be sent."""
    return _cell(f"{plan.letter.id[:SHORT_ID]} {plan.letter.type}: not sent: {why}; it stays where it is")


def log_table(lines: Sequence[Transition]) -> Table:
    """Show what was done with dead letters, oldest first."""
    table = _table("when (UTC)", "what", "by whom, and which")
    for line in lines:
        table.add_row(f"{line.at:%Y-%m-%d %H:%M:%S}", line.what, _cell(line.why))
    return table


def body_of(letter: Letter) -> str:
    """Print a body with its fields one a line, or as it is if it has none."""
    try:
        return json.dumps(json.loads(letter.payload), indent=2)
    except (ValueError, RecursionError):
        return printable(letter.payload)


def age(duration: timedelta) -> str:
    """Say how old something is, in the largest unit that it fills."""
    seconds = int(duration.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{max(seconds, 0)}s"


def printable(text: str) -> str:
    """Escape what a hostile message could do to a terminal."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode()
        for char in text
    )


def number_of(letters: Sequence[object]) -> str:
    """Say how many letters these are."""
    return f"{len(letters)} dead letter{'' if len(letters) == 1 else 's'}"


def _cell(text: str) -> Text:
    """Make a text that is shown as it is: brackets in it are no markup."""
    return Text(printable(text))


def _facts(letter: Letter, run: Run | None, at: datetime) -> Mapping[str, str]:
    attributes = letter.attributes
    replayed = attributes.get("replayed_by", "")
    status = f"  {run.status}" if run else "  (not in this account's ledger)"
    failure = run.failure if run and run.failure else ""
    return {
        "letter": letter.id,
        "queue": letter.queue,
        "age": f"{age(at - letter.sent_at)}, since {letter.sent_at:%Y-%m-%d %H:%M:%S} UTC",
        "type": letter.type,
        "stage": letter.stage,
        "run": f"{letter.run_id}{status}" if letter.run_id else "",
        "failure": failure,
        "cause": letter.cause.value,
        "reason": letter.reason if letter.cause is not Cause.EXHAUSTED else "",
        "error": letter.error,
        "came from": letter.origin or attributes.get("RULE_ARN") or attributes.get("SCHEDULE_ARN", ""),
        "was going to": attributes.get("TARGET_ARN") or str(letter.destination or ""),
        "tries": attributes.get("RETRY_ATTEMPTS", ""),
        "received": f"{letter.receive_count} times, looking at it included",
        "replayed": f"by {replayed} at {attributes.get('replayed_at')}" if replayed else "",
    }


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in {"count", "oldest"})
    return table
