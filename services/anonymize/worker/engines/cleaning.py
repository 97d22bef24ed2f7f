"""Cleaning part by part, each with its own seconds and with what it could not reach."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.results import Cleaned, Remainder
from services.anonymize.worker.progress import Advance, Tell

WorkT = TypeVar("WorkT")


@dataclass(frozen=True)
class Part(Generic[WorkT]):
    """One place where old values stay."""

    name: str
    clean: Callable[[WorkT], Remainder]
    beside: bool = False  # may go on at the same time as the part before it; each takes one connection


def run_parts(
    parts: Sequence[Part[WorkT]], work: WorkT, tell: Tell, connections: int = 1
) -> tuple[Cleaned, ...]:
    """Clean every part in turn, those beside one another together if there are connections for it."""

    def one(part: Part[WorkT]) -> Cleaned:
        started = time.monotonic()
        remainder = part.clean(work)
        seconds = time.monotonic() - started
        return Cleaned(part.name, seconds, tuple(remainder.left), tuple(remainder.beyond))

    done: list[Cleaned] = []
    for together in _together(parts) if connections > 1 else [[part] for part in parts]:
        for part in together:
            tell(advance(parts, part.name, part.name))
        done += in_parallel(one, together, connections)
    tell(Advance("cleaning", len(parts), len(parts)))
    return tuple(done)


def _together(parts: Sequence[Part[WorkT]]) -> list[list[Part[WorkT]]]:
    groups: list[list[Part[WorkT]]] = []
    for part in parts:
        if part.beside and groups:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def advance(parts: Sequence[Part[WorkT]], part: str, words: str) -> Advance:
    """Progress in parts, not tables: most of them concern no table."""
    place = next((index for index, known in enumerate(parts) if known.name == part), 0)
    return Advance("cleaning", place, len(parts), table=words)
