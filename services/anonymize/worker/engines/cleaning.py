"""Cleaning part by part, each with its own seconds and with what it could not reach."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.anonymize.worker.engines.results import Cleaned, Remainder
from services.anonymize.worker.progress import Advance, Tell

WorkT = TypeVar("WorkT")


@dataclass(frozen=True)
class Part(Generic[WorkT]):
    """One place where old values stay."""

    name: str
    clean: Callable[[WorkT], Remainder]


def run_parts(parts: Sequence[Part[WorkT]], work: WorkT, tell: Tell) -> tuple[Cleaned, ...]:
    """Clean every part in turn."""
    done = []
    for part in parts:
        tell(advance(parts, part.name, part.name))
        started = time.monotonic()
        remainder = part.clean(work)
        seconds = time.monotonic() - started
        done.append(Cleaned(part.name, seconds, tuple(remainder.left), tuple(remainder.beyond)))
    tell(Advance("cleaning", len(parts), len(parts)))
    return tuple(done)


def advance(parts: Sequence[Part[WorkT]], part: str, words: str) -> Advance:
    """Progress in parts, not tables: most of them concern no table."""
    place = next((index for index, known in enumerate(parts) if known.name == part), 0)
    return Advance("cleaning", place, len(parts), table=words)
