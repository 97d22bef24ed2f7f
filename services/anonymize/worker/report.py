"""The report of a run's masking as JSON: counts, methods and seconds, and never a value."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from services.anonymize.worker.engines.results import Masked
from services.anonymize.worker.pipeline import Outcome


@dataclass(frozen=True)
class Connections:
    """Over how many connections a database was masked, and why so many."""

    number: int
    why: str


def as_json(
    run_id: str,
    policy_digest: str,
    outcome: Outcome,
    key: str = "per_run",
    connections: Connections | None = None,
) -> str:
    """Return the report's text; `key` says where the mask key came from."""
    report = {
        "run_id": run_id,
        "policy_digest": policy_digest,
        "key": key,
        "connections": asdict(connections) if connections is not None else None,
        "passed": outcome.passed,
        "seconds": dict(outcome.seconds),
        "tables": [_table(done) for done in outcome.tables],
        "rows_masked": outcome.rows_masked,
        "columns_masked": outcome.columns_masked,
        "steps": [{"when": done.when, "step": done.step, "seconds": done.seconds} for done in outcome.steps],
        "quarantine": [
            {"kind": cut.kind, "name": cut.name, "done": cut.done, "refused": cut.refused}
            for cut in outcome.quarantined.cuts
        ],
        "cleaning": {
            "tables": outcome.cleaning.tables,
            "seconds": round(outcome.cleaning.seconds, 3),
            "parts": {part.name: round(part.seconds, 3) for part in outcome.cleaning.parts},
            "left": [*outcome.quarantined.left, *outcome.cleaning.left],
            "beyond": [*outcome.quarantined.beyond, *outcome.cleaning.beyond],
        },
        "verification": [
            {"name": found.name, "passed": found.passed, "examined": found.examined, "detail": found.detail}
            for found in outcome.findings
        ],
        "notes": list(outcome.notes),
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def write_report(uri: str, text: str, s3: Any = None) -> None:
    """Write a report to `s3://bucket/key`, with the client given, or to a file."""
    if uri.startswith("s3://"):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json")
        return
    path = Path(uri)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _table(done: Masked) -> dict[str, Any]:
    return {
        "table": done.plan.table.label,
        "method": done.plan.method.value,
        "why": done.plan.why,
        "columns": list(done.plan.masked),
        "rows": done.rows,
        "seconds": round(done.seconds, 3),
    }
