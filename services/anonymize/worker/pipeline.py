"""The worker's whole work on one database: discover, plan, remember, script, mask, script, clean, verify."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.anonymize.worker.engines import Database, Masking, masking_of
from services.anonymize.worker.engines.results import Cleaning, Finding, Masked, Quarantined, leftovers
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.policy import Policy, resolve
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Schema
from services.anonymize.worker.steps import StepDone, run_steps


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
    database: Database, written: Policy, files: Mapping[str, bytes], connections: int, tell: Tell
) -> Outcome:
    """Mask a database in place and verify it. Raises PolicyError or MaskingError before anything is written
    where that is possible; a failed verification is an outcome, not an error."""
    clock = _Clock()
    masking = masking_of(database)
    masking.check_surroundings()
    schema, policy, plan = _planned(masking, written)
    found = schema
    masking.gain_rights(schema)
    tell(Advance("quarantining"))
    quarantined = masking.quarantine(policy.quarantine)
    if quarantined.changed_schema:
        schema, policy, plan = _planned(masking, written)
    clock.lap("quarantining")
    masking.prepare(policy, schema, plan)
    tell(Advance("masking", 0, sum(1 for planned in plan.tables if planned.statements)))
    originals = masking.remember_originals(policy, schema, connections)
    clock.lap("remembering")
    steps: tuple[StepDone, ...] = ()
    if policy.first:
        steps = run_steps(masking, "before", policy.first, files, tell)
        schema, policy, plan = _planned(masking, written)  # a step may have changed the schema
        masking.prepare(policy, schema, plan)
        clock.lap("scripting")
    before = masking.take_baseline(schema, originals, connections)
    clock.lap("counting")
    masked = masking.mask(plan, before, connections, tell)
    clock.lap("masking")
    steps += run_steps(masking, "after", policy.after, files, tell)
    if policy.after:
        clock.lap("scripting after")
    # a step may have left old rows in any table, also in one that masking made anew
    masked_last = replace(plan, tables=()) if policy.after else plan
    cleaned = masking.clean(policy, schema, masked_last, connections, tell)
    clock.lap("cleaning")
    findings = tuple(masking.verify(policy, schema, plan, before, connections, tell))
    places = len(cleaned.parts) + len(quarantined.cuts)
    findings += (leftovers(policy, places, (*quarantined.left, *cleaned.left)),)
    masking.finish()
    clock.lap("verifying")
    return Outcome(
        tables=masked,
        columns_masked=plan.columns_masked,
        rows_masked=sum(done.rows for done in masked if done.plan.masked),
        quarantined=quarantined,
        cleaning=cleaned,
        findings=findings,
        notes=tuple(_notes(schema)),
        steps=steps,
        schema=found,
        seconds=clock.laps,
    )


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name] = round(now - self._last, 3)
        self._last = now


def _planned(masking: Masking, written: Policy) -> tuple[Schema, Policy, Plan]:
    schema = masking.discover()
    policy = resolve(written, schema)
    return schema, policy, masking.plan(policy, schema)


def _notes(schema: Schema) -> list[str]:
    """What masking does not reach, said openly."""
    return [
        f"{table.label} is a foreign table: its rows lie on another server"
        for table in schema.tables
        if table.foreign
    ]
