"""From one journey to all: at every point the process forks, and the copy goes on with a fault.

What comes before a fault need not be played again, and nothing of one copy reaches another.
"""

import gc
import json
import os
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from unittest.mock import patch

import local.events
from shared.database.port import Kind
from tests.faults import kinds
from tests.faults.calls import NOTE, Call, Doing, Handed, Perform, Wire
from tests.faults.journey import Story, first_week, travel
from tests.faults.judge import Verdict, judge
from tests.faults.known import strangers

FURTHEST = 60  # calls between the faults of a pair


@dataclass(frozen=True)
class Injected:
    """One fault and what came of it."""

    stage: str
    point: str
    kind: str
    verdict: Verdict


@dataclass
class Plan:
    """Where faults are tried: the distinct calls and messages of a clean journey, each with its kinds."""

    calls: dict[Call, tuple[str, ...]] = field(default_factory=dict)
    messages: set[Handed] = field(default_factory=set)
    every: int = 1
    """Only every so many-th fault is tried."""
    offset: int = 0
    pairs: bool = False
    """Whether a second fault follows at one of the next calls, drawn by the place of the first."""


def plan_of(done: list[Doing]) -> Plan:
    """Choose the points of a recorded journey.

    A delivery that does what another of its step has done is left out, and of the calls that only read each
    kind is tried once.
    """
    plan, seen, read, coded = Plan(), set(), set(), set()
    for doing in done:
        tracks = (doing.message.stage, doing.message.occasion, *doing.tracks)
        if tracks in seen:
            continue
        seen.add(tracks)
        plan.messages.add(doing.message)
        for call, track in zip(doing.calls, doing.tracks, strict=True):
            kind = (call.stage, call.occasion, call.operation)
            if not call.changes and kind in read:
                continue
            read.add(kind)
            plan.calls[call] = kinds.of_call(call, is_note=track.endswith(NOTE))
            if (call.stage, call.operation) not in coded:
                coded.add((call.stage, call.operation))
                plan.calls[call] += kinds.documented(call)
    return plan


class Spreader:
    """Plays the journey once and forks at every point of a plan; at most `jobs` copies live at once."""

    def __init__(
        self, story: Story, wire: Wire, plan: Plan, jobs: int, tell: Callable[[Injected], None]
    ) -> None:
        self.fault: tuple[str, str, str] | None = None
        self._story, self._wire, self._plan, self._jobs, self._tell = story, wire, plan, jobs, tell
        self._world = story.scene.world
        self._copies: dict[int, int] = {}
        self._turn = 0
        self._sent: Counter[str] = Counter()
        self._output: int = -1
        self._second: _Second | None = None

    def play(self) -> None:
        """Play, and collect what the copies say; a copy never returns from here."""
        self._wire.on_call, self._wire.on_message = self._call, self._message
        trouble = None
        try:
            with _between_accounts(self._event):
                travel(self._story, self._wire)
        except BaseException:
            if self.fault is None:
                raise
            trouble = traceback.format_exc(limit=-3)
        if self.fault is not None:
            self._report(trouble)
        while self._copies:
            self._collect()

    def _call(self, call: Call, doing: Doing, perform: Perform) -> Any:
        if self._second is not None and (again := self._second.at(call)):
            self._second = None
            assert self.fault
            stage, point, kind = self.fault
            self.fault = stage, f"{point}, then {call}", f"{kind}, then {again}"
            return kinds.do(again, call, doing, perform, self._wire, self._world)
        for kind in self._plan.calls.get(call, ()):
            if self._forked(call.stage, str(call), kind):
                return kinds.do(kind, call, doing, perform, self._wire, self._world)
        return perform()

    def _message(self, message: Handed, doing: Doing, perform: Perform) -> Any:
        if message in self._plan.messages:
            for kind in kinds.OF_MESSAGES:
                if self._forked(message.stage, str(message), kind):
                    return kinds.hand(kind, message, doing, perform, self._world)
        return perform()

    def _event(self, kind: str) -> bool:
        self._sent[kind] += 1
        return self._forked("bus", f"{kind} #{self._sent[kind]}", kinds.LOST)

    def _forked(self, stage: str, point: str, kind: str) -> bool:
        """Make a copy; True in the copy, where the fault is to happen now."""
        if self.fault is not None:
            return False
        self._turn += 1
        if self._turn % self._plan.every != self._plan.offset % self._plan.every:
            return False
        while len(self._copies) >= self._jobs:
            self._collect()
        reading, writing = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child:
            os.close(writing)
            self._copies[child] = reading
            return False
        gc.disable()  # what it would collect goes with the process
        os.close(reading)
        self._output, self.fault = writing, (stage, point, kind)
        if self._plan.pairs:
            self._second = _Second(f"{stage} {point} {kind}")
        return True

    def _report(self, trouble: str | None) -> None:
        """Say how this copy ended, and end its process."""
        assert self.fault
        stage, point, kind = self.fault
        try:
            verdict = Verdict("stuck", (trouble,), (), 0) if trouble else self._verdict(kind)
        except BaseException:  # noqa: BLE001 - whatever it was, the other process must hear of it
            verdict = Verdict("not judged", (traceback.format_exc(limit=-3),), (), 0)
        said = json.dumps([stage, point, kind, asdict(verdict)], default=str).encode()
        os.write(self._output, said[:60000])
        os._exit(0)

    def _verdict(self, kind: str) -> Verdict:
        verdict = judge(self._story, may_fail=any(map(kinds.may_fail, kind.split(", then "))))
        made = strangers(self._wire.done, self._story.scene.kind, after_fault=True)
        unknown = tuple(f"unknown call: {call}" for call in made)
        return replace(verdict, wrongs=verdict.wrongs + unknown)

    def _collect(self) -> None:
        child, _ = os.waitpid(-1, 0)
        with os.fdopen(self._copies.pop(child), "rb") as output:
            said = output.read()
        if not said:
            raise RuntimeError(f"process {child} ended without a word")
        stage, point, kind, verdict = json.loads(said)
        verdict |= {name: tuple(verdict[name]) for name in ("wrongs", "left")}
        self._tell(Injected(stage, point, kind, Verdict(**verdict)))


class _Second:
    """The second fault of a pair: at one of the next calls, whichever it is, of a kind that fits it."""

    def __init__(self, first: str) -> None:
        self._chance = random.Random(first)  # noqa: S311 - the same pairs every time
        self._left = self._chance.randint(1, FURTHEST)

    def at(self, call: Call) -> str | None:
        """The kind of fault that happens at this call; None where none does."""
        self._left -= 1
        return None if self._left else self._chance.choice(kinds.of_call(call) + kinds.documented(call))


def spread(
    tell: Callable[[Injected], None],
    kind: Kind,
    *,
    jobs: int,
    every: int = 1,
    offset: int = 0,
    pairs: bool = False,
    again: bool = False,
) -> list[Doing]:
    """Try every so many-th fault, tell each result, and return the clean journey as it was recorded.

    Where somebody asks `again`, only restore is tried: nobody else sees a difference.
    """
    with first_week(kind, again=again) as (story, wire):
        done = _recorded(story, wire)
        plan = plan_of([one for one in done if one.message.stage == "restore"] if again else done)
        plan.every, plan.offset, plan.pairs = every, offset, pairs
        gc.collect()
        gc.freeze()  # the copies share what nobody changes
        Spreader(story, wire, plan, jobs, tell).play()
    return wire.done


def _recorded(story: Story, wire: Wire) -> list[Doing]:
    """Record the clean journey in a copy, as it will be played again."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        travel(story, wire)
        said = [
            [asdict(doing.message), [asdict(call) for call in doing.calls], doing.tracks]
            for doing in wire.done
        ]
        with os.fdopen(writing, "w") as output:
            json.dump(said, output)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as output:
        said = json.load(output)
    os.waitpid(child, 0)
    nobody: Any = None
    return [
        Doing(Handed(**message), nobody, {}, [Call(**call) for call in calls], tracks)
        for message, calls, tracks in said
    ]


@contextmanager
def _between_accounts(lose: Callable[[str], bool]) -> Iterator[None]:
    deliver = local.events._deliver

    def maybe(envelope: Mapping[str, Any], rule: Any, target: Mapping[str, Any]) -> None:
        carried_on = target["Arn"].split(":")[4] not in {rule.account_id, ""}  # an archive names none
        if not (carried_on and lose(str(envelope["detail-type"]))):
            deliver(envelope, rule, target)

    with patch("local.events._deliver", maybe):
        yield
