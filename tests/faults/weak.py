"""What is right about the end of a journey, and the weaknesses that are known."""

from dataclasses import dataclass

from tests.faults.spread import Injected


@dataclass(frozen=True)
class Weakness:
    """An end that is not as it should be, told exactly; `why` says who has to do what then."""

    point: str
    kind: str
    outcome: str
    wrongs: tuple[str, ...]
    left: tuple[str, ...]
    why: str


KNOWN: tuple[Weakness, ...] = ()


def weakness_of(one: Injected) -> Weakness | None:
    """Find the known weakness that a journey has shown, if it ended precisely so."""
    verdict = one.verdict
    for weakness in KNOWN:
        if (weakness.point, weakness.kind, weakness.outcome) != (one.point, one.kind, verdict.outcome):
            continue
        if (weakness.wrongs, weakness.left) == (verdict.wrongs, verdict.left):
            return weakness
    return None


def is_right(one: Injected) -> bool:
    """Tell whether a journey ended as it should, or as a known weakness says."""
    return weakness_of(one) is not None or not (one.verdict.wrongs or one.verdict.left)
