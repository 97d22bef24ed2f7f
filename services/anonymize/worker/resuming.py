"""What a worker notes for the one that continues for it, and whether that one may.

Three notes, each saved once: what was found before anything was written; what was cut and remembered, after
which nobody may read originals again; and the schema, plan and counts under which tables are masked, because
a schema that masking has begun to take apart can no longer be discovered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.engines import Database, Masking
from services.anonymize.worker.engines.results import Baseline, Cleaning, Quarantined
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import key_check
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.schema import Schema
from services.anonymize.worker.steps import StepDone
from shared.bundle import digest_of

AGAIN = "nothing more is masked here; ask for a refresh to begin again from a fresh restore"

NoteT = TypeVar("NoteT")


@dataclass(frozen=True)
class Worker:
    """What has to be the same in a worker that continues for another, or something would be masked in two
    ways."""

    policy: str  # digest of the policy and the files beside it
    version: str  # digest of the worker's code
    key: str  # tells keys apart and gives no way to them

    @classmethod
    def at(cls, database: Database, files: Mapping[str, bytes]) -> "Worker":
        """This worker, which masks by these files in a database that it opened."""
        return cls(digest_of(files), version(), key_check(database.settings))

    def why_not(self, earlier: "Worker") -> str:
        """Why this one may not continue what an earlier worker began; empty if it may."""
        reasons = {
            "another key: the master password of the temporary database was changed since, or the secret"
            " that the policy names": self.key != earlier.key,
            "another policy": self.policy != earlier.policy,
            "another version of the worker": self.version != earlier.version,
        }
        return ", and ".join(reason for reason, holds in reasons.items() if holds)


@dataclass(frozen=True)
class Found:
    """The schema as it was before anything was written."""

    schema: Schema


@dataclass(frozen=True)
class Remembered:
    """What was cut, and how many originals of each kind were remembered, by which worker."""

    worker: Worker
    found: Schema
    quarantined: Quarantined
    originals: Mapping[str, int]

    def check(self, worker: Worker, masking: Masking) -> None:
        """Raise MaskingError if a worker may not continue."""
        name = masking.database.address.database
        if reason := worker.why_not(self.worker):
            raise MaskingError(f"masking {name} was begun under {reason}; {AGAIN}")
        if not masking.originals_there(self.originals):
            raise MaskingError(
                f"the digests of {name}'s originals are not all there: the server crashed, and nothing could"
                f" be proven; {AGAIN}"
            )


@dataclass(frozen=True)
class Begun:
    """Under what tables are masked, and what ran before."""

    schema: Schema
    plan: Plan
    before: Baseline
    steps: tuple[StepDone, ...]


@dataclass(frozen=True)
class Cleaned:
    """What was cleaned."""

    cleaning: Cleaning


_WRITING: dict[str, TypeAdapter[Any]] = {}


def _writing(kind: type[NoteT]) -> TypeAdapter[NoteT]:
    """How a kind of note is written and read; made once, because that takes 15 ms."""
    if kind.__name__ not in _WRITING:
        _WRITING[kind.__name__] = TypeAdapter(kind)
    return _WRITING[kind.__name__]


class Book:
    """The notes of one database, read once; what is saved later is what this worker has done itself."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._notes = checkpoints.notes()

    @property
    def empty(self) -> bool:
        """Whether no worker wrote anything here."""
        return not self._notes

    def read(self, kind: type[NoteT]) -> NoteT | None:
        """What an earlier worker noted, if it came that far."""
        text = self._notes.get(kind.__name__.lower())
        return None if text is None else _writing(kind).validate_json(text)

    def save(self, note: object) -> None:
        """Keep a note."""
        text = _writing(type(note)).dump_json(note).decode()
        self._checkpoints.save({type(note).__name__.lower(): text})


@cache
def version() -> str:
    """The digest of the worker's own code: what another version would do nobody can know."""
    folder = Path(__file__).parent
    files = sorted(folder.rglob("*.py"))
    return digest_of({str(file.relative_to(folder)): file.read_bytes() for file in files})
