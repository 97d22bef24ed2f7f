"""The worker's whole work on one database: discover, plan, remember, script, mask, clean, verify."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from services.anonymize.worker.engines import Database, Masking, masking_of
from services.anonymize.worker.engines.results import Cleaning, Finding, Masked, Quarantined, leftovers
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Schema


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
    seconds: Mapping[str, float]  # by step

    @property
    def passed(self) -> bool:
        """Whether every finding of verification is good."""
        return all(finding.passed for finding in self.findings)


def anonymize(
    database: Database, policy: Policy, files: Mapping[str, bytes], connections: int, tell: Tell
) -> Outcome:
    """Mask a database in place and verify it. Raises PolicyError or MaskingError before anything is written
    where that is possible; a failed verification is an outcome, not an error."""
    clock = _Clock()
    masking = masking_of(database)
    masking.check_surroundings()
    schema, plan = _planned(masking, policy)
    masking.gain_rights(schema)
    tell(Advance("quarantining"))
    quarantined = masking.quarantine(policy.quarantine)
    if quarantined.changed_schema:
        schema, plan = _planned(masking, policy)
    clock.lap("quarantining")
    masking.prepare(policy, schema, plan)
    tell(Advance("masking", 0, sum(1 for planned in plan.tables if planned.statements)))
    originals = masking.remember_originals(policy, schema, connections)
    clock.lap("remembering")
    if policy.script is not None:
        tell(Advance("scripting", table=policy.script.file))
        masking.run_script(policy.script.file, files)
        schema, plan = _planned(masking, policy)  # the script may have changed the schema
        masking.prepare(policy, schema, plan)
        clock.lap("scripting")
    before = masking.take_baseline(schema, originals, connections)
    clock.lap("counting")
    masked = masking.mask(plan, before, connections, tell)
    clock.lap("masking")
    cleaned = masking.clean(policy, schema, plan, connections, tell)
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


def _planned(masking: Masking, policy: Policy) -> tuple[Schema, Plan]:
    schema = masking.discover()
    return schema, masking.plan(policy, schema)


def _notes(schema: Schema) -> list[str]:
    """What masking does not reach, said openly."""
    return [
        f"{table.label} is a foreign table: its rows lie on another server"
        for table in schema.tables
        if table.foreign
    ]
