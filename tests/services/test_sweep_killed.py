"""The sweep of development, killed at any of its calls: the next hour deletes what is left, all is told."""

from typing import TYPE_CHECKING, Any, cast

import pytest

from services.receiver import sweep as sweeping
from shared import names
from shared.records import Sighting
from tests.builders import NOW, later
from tests.services.holding import TARGET, Books, copy_of
from tests.services.test_retention import (
    CONFIG,
    LAST,
    LIMIT,
    NEWEST,
    OLDEST,
    copy_names,
    replaced_twice,
    swept,
)

if TYPE_CHECKING:
    from shared.database.port import Databases
    from shared.ledger import Ledger


class DiesError(BaseException):
    """The process is gone; nothing catches it."""


class Frail:
    """Passes calls on, and dies before or after one of them; the count of calls is shared."""

    def __init__(self, of: object, made: list[str], dies_at: int, before: bool) -> None:
        self._of, self._made, self._dies_at, self._before = of, made, dies_at, before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if not callable(found):
            return found

        def call(*given: Any) -> Any:
            self._made.append(name)
            dies = len(self._made) == self._dies_at
            if dies and self._before:
                raise DiesError(name)
            answer = found(*given)
            if dies:
                raise DiesError(name)
            return answer

        return call


@pytest.mark.parametrize("before", [True, False])
def test_whoever_dies_at_any_call_leaves_the_rest_to_the_next_hour(before: bool) -> None:
    died = 0
    while True:
        books, made = Books(), list[str]()
        holding = replaced_twice(books)
        holding.copies |= {one.name: one for one in [copy_of(OLDEST, "failed")]}
        stuck = Sighting(state="failed 0 %", since=NOW - LIMIT, last=later(4))
        books.record_sighting(names.development_copy(OLDEST), stuck)
        everything = {*holding.copies, *holding.standing}
        frail = cast("Ledger", Frail(books, made, died + 1, before))
        port = cast("Databases", Frail(holding, made, died + 1, before))
        try:
            list(sweeping.sweep(frail, {holding.kind: port}, CONFIG, lambda: later(5))())
        except DiesError:
            died += 1
        else:
            break
        for hour in (6, 7):
            swept(holding, books, now=later(hour))
        stays = {*copy_names(LAST, NEWEST), TARGET}
        assert {*holding.copies, *holding.standing} == stays, made[-1]
        told = {why.split(":")[0] for _, what, why in books.lines if what == "deletes"}
        assert told == everything - stays
    assert died > 10
