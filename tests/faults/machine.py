"""Faults as hypothesis draws them, two or three in one journey: a rule-based state machine.

    python -m tests.faults.machine [--examples N] [--kind cluster]

Where `spread` tries one fault at every call, and pairs in a fixed order, this looks for what neither tries.
A sequence that ends wrong is made as short as it can be, and printed. The journey is played in a copy of the
process, so that nothing of one reaches another.
"""

import argparse
import gc
import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.database.port import Kind
from tests.faults import kinds
from tests.faults.calls import Call, Doing, Handed, Perform, Wire
from tests.faults.journey import Story, first_week, travel
from tests.faults.judge import Verdict, judge
from tests.faults.known import strangers
from tests.faults.page import things
from tests.faults.spread import Injected
from tests.faults.weak import is_right

MOST, CALLS, FURTHEST = 3, 900, 60
Fault = tuple[str, int, int]  # at a call or a message, after so many of them, which of the kinds that fit it


class Faults(RuleBasedStateMachine):
    """Its steps are faults; its end plays them and looks at what is left."""

    story: ClassVar[Story]
    wire: ClassVar[Wire]
    ended: ClassVar[list[Injected]] = []

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Fault] = []

    @initialize(after=st.integers(1, CALLS), kind=st.integers(0, 40))
    def first(self, after: int, kind: int) -> None:
        self.faults.append(("call", after, kind))

    @precondition(lambda self: len(self.faults) < MOST)
    @rule(after=st.integers(1, FURTHEST), kind=st.integers(0, 40))
    def befalls_a_call(self, after: int, kind: int) -> None:
        self.faults.append(("call", after, kind))

    @precondition(lambda self: len(self.faults) < MOST)
    @rule(after=st.integers(1, 8), kind=st.integers(0, 2))
    def befalls_a_message(self, after: int, kind: int) -> None:
        self.faults.append(("message", after, kind))

    def teardown(self) -> None:
        """Play the faults that were drawn."""
        if not self.faults:
            return
        one = played(self.story, self.wire, self.faults)
        self.ended.append(one)
        assert is_right(one), f"{one.point}: {one.kind}: {one.verdict}"


class _Script:
    """Lets the drawn faults happen, one after the other."""

    def __init__(self, faults: Sequence[Fault], wire: Wire, world: Any) -> None:
        self.happened: list[tuple[str, str]] = []
        self._coming = list(faults)
        self._passed = 0
        self._wire, self._world = wire, world

    def _due(self, what: str) -> int | None:
        if not self._coming or self._coming[0][0] != what:
            return None
        self._passed += 1
        if self._passed < self._coming[0][1]:
            return None
        self._passed = 0
        return self._coming.pop(0)[2]

    def call(self, call: Call, doing: Doing, perform: Perform) -> Any:
        drawn = self._due("call")
        if drawn is None:
            return perform()
        fitting = kinds.of_call(call) + kinds.documented(call)
        kind = fitting[drawn % len(fitting)]
        self.happened.append((str(call), kind))
        return kinds.do(kind, call, doing, perform, self._wire, self._world)

    def message(self, message: Handed, doing: Doing, perform: Perform) -> Any:
        drawn = self._due("message")
        if drawn is None:
            return perform()
        kind = kinds.OF_MESSAGES[drawn % len(kinds.OF_MESSAGES)]
        self.happened.append((str(message), kind))
        return kinds.hand(kind, message, doing, perform, self._world)


def played(story: Story, wire: Wire, faults: Sequence[Fault]) -> Injected:
    """Play a journey with these faults in a copy of the process, and say what came of it."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        gc.disable()  # what it would collect goes with the process
        with os.fdopen(writing, "w") as output:
            json.dump(asdict(_in_a_copy(story, wire, faults)), output, default=str)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        told = json.load(said)
    os.waitpid(child, 0)
    verdict: dict[str, Any] = told["verdict"]
    verdict |= {name: tuple(verdict[name]) for name in ("wrongs", "left")}
    return Injected(told["stage"], told["point"], told["kind"], Verdict(**verdict))


def _in_a_copy(story: Story, wire: Wire, faults: Sequence[Fault]) -> Injected:
    script = _Script(faults, wire, story.scene.world)
    wire.on_call, wire.on_message = script.call, script.message
    try:
        travel(story, wire)
        verdict = judge(story, may_fail=any(kinds.may_fail(kind) for _, kind in script.happened))
        unknown = strangers(wire.done, story.scene.kind, after_fault=True)
        verdict = replace(verdict, wrongs=verdict.wrongs + tuple(f"unknown call: {call}" for call in unknown))
    except BaseException:  # noqa: BLE001 - whatever it was, the other process must hear of it
        verdict = Verdict("stuck", (traceback.format_exc(limit=-3),), (), 0)
    points, befell = zip(*script.happened, strict=True) if script.happened else (("none",), ("none",))
    return Injected("drawn", ", then ".join(points), ", then ".join(befell), verdict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, play and print; the exit code is 1 if anything ended wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.machine")
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], default=Kind.INSTANCE.value)
    given = parser.parse_args(arguments)
    drawing = settings(
        max_examples=given.examples, stateful_step_count=MOST - 1, deadline=None, database=None,
        derandomize=True, suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    with first_week(Kind(given.kind)) as (story, wire):
        Faults.story, Faults.wire = story, wire
        gc.collect()
        gc.freeze()
        try:
            run_state_machine_as_test(Faults, settings=drawing)
        except AssertionError as error:
            print(error)
    ended = Faults.ended
    right, left = sum(map(is_right, ended)), sum(bool(things(one)) for one in ended)
    befell = sum(len(one.kind.split(", then ")) for one in ended if one.kind != "none")
    print(f"faults: {len(ended)} sequences of {befell} drawn, {right} ended right, {left} leftovers")
    return 0 if right == len(ended) and not left else 1


if __name__ == "__main__":
    sys.exit(main())
