"""The parameters of a template: where code lies, the other accounts, and six words for each source or target.

Whatever exists once per source refers to one of that source's parameters, and nothing else does (but the
configuration document). The embedded cloud relies on it: it makes these resources for sources of its own.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk

from infra.engines import engine_of, prefix_of
from infra.plain_stack import PlainStack
from shared import names
from shared.config import Source, Target

DIGEST = r".+@sha256:[0-9a-f]{64}"


@dataclass(frozen=True)
class Code:
    """Where the functions' zips lie."""

    bucket: str
    prefix: str


@dataclass(frozen=True)
class SourceParameters:
    """The parameters of one source or target, as tokens; `id` names its resources. No family: its own group.

    `source` is whose data a target bears: those of the source of its name, unless its document says another.
    """

    id: str
    name: str
    source: str
    database: str
    family: str | None
    expression: str
    time_zone: str
    state: str


def code(stack: PlainStack) -> Code:
    """Ask where the zips of the functions lie; `snapveil deploy` puts them there and says so."""
    bucket = stack.text("CodeBucket", "The bucket that holds the zips of the functions, in this region")
    prefix = stack.text("CodePrefix", "What the keys of the zips begin with, like code/1f2e3d/")
    return Code(bucket.value_as_string, prefix.value_as_string)


def other_accounts(stack: PlainStack, name: str, given: Sequence[str], what: str) -> list[str]:
    """Ask for the other accounts: `DevelopmentAccount`, `DevelopmentAccount2`, …"""
    return [
        stack.text(part, what, default=account, allowed_pattern="^[0-9]{12}$").value_as_string
        for part, account in zip(numbered(name, len(given)), given, strict=True)
    ]


def numbered(name: str, count: int) -> list[str]:
    """Return the names of that many parameters of a kind."""
    return [name if number == 1 else f"{name}{number}" for number in range(1, count + 1)]


def source_parameters(
    stack: PlainStack, parts: Mapping[str, Source] | Mapping[str, Target], own_groups: Container[str]
) -> list[SourceParameters]:
    """Ask for what differs from source to source; `own_groups` bring along their parameter group."""
    return [_of(stack, name, part, name in own_groups) for name, part in parts.items()]


def _of(stack: PlainStack, name: str, part: Source | Target, own_group: bool) -> SourceParameters:
    prefix = prefix_of(name)

    def ask(suffix: str, default: str, what: str, pattern: str) -> str:
        return stack.text(
            prefix + suffix, f"{name}: {what}", default=default, allowed_pattern=pattern
        ).value_as_string

    if isinstance(part, Source):
        database = ask("Database", part.database, "the database in RDS", "^[a-z][a-z0-9-]*$")
    else:
        database = ask("Database", part.name, "the name of the target", f"^{names.TARGET}[a-z0-9-]+$")
    families = engine_of(part.kind, part.family).families
    own_name = source = ask("Name", name, "its name", f"^{names.SOURCE_PATTERN}$")
    if isinstance(part, Target) and part.source not in {None, name}:
        source = ask("Source", str(part.source), "whose data it bears", f"^{names.SOURCE_PATTERN}$")
    return SourceParameters(
        id=prefix,
        name=own_name,
        source=source,
        database=database,
        family=None if own_group else ask("Family", str(part.family), "the parameter group family", families),
        expression=ask(
            "ScheduleExpression", part.schedule.expression, "when to refresh", r"^(cron|rate)\(.+\)$"
        ),
        time_zone=ask(
            "ScheduleTimeZone", part.schedule.time_zone, "in which time zone", "^[A-Za-z0-9/_+-]+$"
        ),
        state=stack.text(
            f"{prefix}ScheduleState",
            f"{name}: whether the schedule is on",
            default="ENABLED" if part.schedule.enabled else "DISABLED",
            allowed_values=["ENABLED", "DISABLED"],
        ).value_as_string,
    )


def with_source(text: str, source: SourceParameters) -> str:
    """Write a text about a source or target; `${name}` and `${source}` in it stand for its parameters."""
    own = f"${{{source.id}Name}}"
    whose = f"${{{source.id}Source}}" if source.source != source.name else own
    return cdk.Fn.sub(text.replace("${name}", own).replace("${source}", whose))
