"""The worker's whole work on one database: discover, plan, remember, script, mask, script, clean, verify."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from services.anonymize.worker.checkpoints import of_table
from services.anonymize.worker.engines import Database, Masking, masking_of
from services.anonymize.worker.engines.results import Cleaning, Finding, Masked, Quarantined, leftovers
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.policy import Policy, resolve
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.resuming import AGAIN, Begun, Book, Cleaned, Found, Remembered, Worker
from services.anonymize.worker.schema import Schema
from services.anonymize.worker.steps import StepDone, run_steps

PATIENCE = 120.0  # seconds, in which a server notices that a killed worker and its host are gone


@dataclass(frozen=True)
class Outcome:
    """What was done and found."""

    tables: tuple[Masked, ...]
    columns_masked: int
    rows_masked: int
    quarantined: Quarantined
    cleaning: Cleaning
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    steps: tuple[StepDone, ...]
    schema: Schema  # as it was found, before anything was done
    seconds: Mapping[str, float]  # by step

    @property
    def passed(self) -> bool:
        """Whether every finding of verification is good."""
        return all(finding.passed for finding in self.findings)


def anonymize(
    database: Database,
    written: Policy,
    files: Mapping[str, bytes],
    connections: int,
    tell: Tell,
    conclude: Callable[[Outcome], None] = lambda _: None,
    *,
    must_continue: bool = False,
) -> Outcome:
    """Mask a database in place and verify it; continue where a worker before this one was killed.

    `conclude` makes the outcome known. It is called before the last trace of masking is removed, so that a
    database without one is either masked and known to be, or was never begun. Who knows that it was begun
    says `must_continue`.

    Raises PolicyError or MaskingError before anything is written where that is possible; a failed
    verification is an outcome, not an error.
    """
    masking = masking_of(database)
    masking.check_surroundings()
    must_continue |= under_way(database)
    with masking.hold(PATIENCE) as waited:
        book = Book(masking.checkpoints)
        if book.empty and (waited or must_continue):
            name = database.address.database
            raise MaskingError(f"another worker was at work in {name} and ended; {AGAIN}")
        worker = Worker.at(database, files)
        outcome = _Work(masking, book, worker, written, files, connections, tell).outcome()
        conclude(outcome)
        masking.finish()
    return outcome


def under_way(database: Database) -> bool:
    """Whether a worker has begun to mask a database and not ended."""
    return bool(masking_of(database).checkpoints.notes())


class _Work:
    """The steps, each done by this worker or by one before it."""

    def __init__(
        self,
        masking: Masking,
        book: Book,
        worker: Worker,
        written: Policy,
        files: Mapping[str, bytes],
        connections: int,
        tell: Tell,
    ) -> None:
        self._masking = masking
        self._book = book
        self._worker = worker
        self._written = written
        self._files = files
        self._connections = connections
        self._tell = tell
        self._clock = _Clock()
        self._prepared: tuple[Schema, Plan] | None = None  # by this worker, and by no script since

    def outcome(self) -> Outcome:
        """Do what is not done yet, and say all that was done."""
        masking, clock = self._masking, self._clock
        remembered = self._remembered()
        begun = self._begun(remembered)
        done = masking.checkpoints.done()
        masked_before = sum(
            of_table(planned.table) in done or all(piece.step in done for piece in planned.pieces(0))
            for planned in begun.plan.tables
            if planned.statements
        )
        policy = resolve(self._written, begun.schema)
        masked = masking.mask(begun.plan, begun.before, self._connections, self._tell)
        clock.lap("masking")
        after = run_steps(masking, "after", policy.after, self._files, self._tell)
        if policy.after:
            clock.lap("scripting after")
        cleaning = self._cleaned(policy, begun)
        clock.lap("cleaning")
        findings = tuple(
            masking.verify(policy, begun.schema, begun.plan, begun.before, self._connections, self._tell)
        )
        places = len(cleaning.parts) + len(remembered.quarantined.cuts)
        left = (*remembered.quarantined.left, *cleaning.left)
        beyond = (*remembered.quarantined.beyond, *cleaning.beyond)
        findings += (leftovers(policy, places, left, beyond),)
        clock.lap("verifying")
        return Outcome(
            tables=masked,
            columns_masked=begun.plan.columns_masked,
            rows_masked=sum(done.rows for done in masked if done.plan.masked),
            quarantined=remembered.quarantined,
            cleaning=cleaning,
            findings=findings,
            notes=tuple(_notes(begun.schema, masked_before)),
            steps=(*begun.steps, *after),
            schema=remembered.found,
            seconds=clock.laps,
        )

    def _remembered(self) -> Remembered:
        """Cut the ties to production and remember the originals."""
        known = self._book.read(Remembered)
        if known is not None:
            known.check(self._worker, self._masking)
            return known
        masking, clock = self._masking, self._clock
        schema, policy, plan = self._planned()
        masking.checkpoints.prepare()
        found = self._book.read(Found)
        if found is None:
            found = Found(schema)
            self._book.save(found)
        masking.gain_rights(schema)
        self._tell(Advance("quarantining"))
        quarantined = masking.quarantine(policy.quarantine)
        if quarantined.changed_schema:
            schema, policy, plan = self._planned()
        clock.lap("quarantining")
        # a step before the rules may mend what checks would find
        masking.prepare(policy, schema, replace(plan, checks=()) if self._written.first else plan)
        pieces = sum(len(planned.units) or 1 for planned in plan.tables if planned.statements)
        self._tell(Advance("masking", 0, pieces))
        originals = masking.remember_originals(policy, schema, self._connections)
        remembered = Remembered(self._worker, found.schema, quarantined, originals)
        self._book.save(remembered)
        self._prepared = (schema, plan)
        clock.lap("remembering")
        return remembered

    def _begun(self, remembered: Remembered) -> Begun:
        """Run what comes before the rules, and count what there is."""
        known = self._book.read(Begun)
        if known is not None:
            return known
        masking, clock = self._masking, self._clock
        first = self._written.first
        steps = run_steps(masking, "before", first, self._files, self._tell)
        if first:
            clock.lap("scripting")
        if first or self._prepared is None:  # a step may have changed the schema
            schema, policy, plan = self._planned()
            masking.prepare(policy, schema, plan)
        else:
            schema, plan = self._prepared
        before = masking.take_baseline(schema, remembered.originals, self._connections)
        begun = Begun(schema, replace(plan, checks=()), before, steps)
        self._book.save(begun)
        clock.lap("counting")
        return begun

    def _cleaned(self, policy: Policy, begun: Begun) -> Cleaning:
        """Empty every place where an old value may still stand."""
        known = self._book.read(Cleaned)
        if known is not None:
            return known.cleaning
        # a step may have left old rows in any table, also in one that masking made anew
        plan = replace(begun.plan, tables=()) if policy.after else begun.plan
        cleaning = self._masking.clean(policy, begun.schema, plan, self._connections, self._tell)
        self._book.save(Cleaned(cleaning))
        return cleaning

    def _planned(self) -> tuple[Schema, Policy, Plan]:
        schema = self._masking.discover()
        policy = resolve(self._written, schema)
        return schema, policy, self._masking.plan(policy, schema)


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name] = round(now - self._last, 3)
        self._last = now


def _notes(schema: Schema, masked_before: int) -> Iterator[str]:
    """What masking does not reach, and whose work it is, said openly."""
    for table in schema.tables:
        if table.foreign:
            yield f"{table.label} is a foreign table: its rows lie on another server"
    if masked_before:
        yield f"{masked_before} tables were masked by an earlier worker, which was stopped"
