"""Ours, in a process of its own as in its container.

    python -m benchmarks.masking.ours URL CONNECTIONS [quick] [plain]

It runs the whole pipeline; `quick` leaves out what verification remembers and looks for, which is not
the mask step, so that rounds do not take its minutes; `plain` masks by the plainest policy. Prints one line
of JSON: seconds by step and by part of cleaning, bytes of log that masking wrote, the process's peak memory.
The exit code is 1 if verification did not pass.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

from services.anonymize.worker import pipeline
from services.anonymize.worker.engines import Database, address_of, masking_of, open_database
from services.anonymize.worker.engines.port import Masking
from services.anonymize.worker.engines.postgresql.engine import PostgreSQL
from services.anonymize.worker.engines.results import Finding
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.policy import load_policy
from services.anonymize.worker.progress import Advance

POLICY, PLAIN = (Path(__file__).with_name(f"{name}.yaml") for name in ("policy", "policy_plain"))
KEY = bytes(range(32))  # the same fakes in every round
LOG = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"


class _WithoutVerification:
    """Masking as it is, but for the two steps that verify it."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking

    def __getattr__(self, name: str) -> Any:
        return getattr(self._masking, name)

    def remember_originals(self, *_: object) -> Mapping[str, int]:
        return {}

    def verify(self, *_: object) -> Sequence[Finding]:
        return ()


def _quick(database: Database) -> Any:
    return _WithoutVerification(masking_of(database))


def main() -> int:
    """Mask, and say how long each step took."""
    url, connections, quick = sys.argv[1], int(sys.argv[2]), "quick" in sys.argv[3:]
    log_at: dict[str, int] = {}

    def tell(advance: Advance) -> None:
        if advance.step not in log_at and url.startswith("postgresql"):
            with psycopg.connect(url, autocommit=True) as connection:
                row = connection.execute(LOG).fetchone()
            log_at[advance.step] = int(row[0]) if row else 0

    file = PLAIN if "plain" in sys.argv[3:] else POLICY
    policy = load_policy(file.read_text(), file.name)
    database = open_database(address_of(url), RunKey(KEY))
    began = time.monotonic()
    try:
        with (
            patch.object(pipeline, "masking_of", _quick if quick else masking_of),
            # the other runs' templates stand beside it
            patch.object(PostgreSQL, "check_surroundings", lambda _: None),
        ):
            outcome = pipeline.anonymize(database, policy, {}, connections, tell)
    finally:
        database.close()
    said: dict[str, Any] = {
        "seconds": {**outcome.seconds, "all": round(time.monotonic() - began, 3)},
        "cleaning": {part.name: round(part.seconds, 3) for part in outcome.cleaning.parts},
        "tables": {done.plan.table.label: round(done.seconds, 3) for done in outcome.tables if done.seconds},
        "rows": outcome.rows_masked,
        "columns": outcome.columns_masked,
        "log_bytes": log_at.get("cleaning", 0) - log_at.get("masking", 0),
        "memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "failed": [f"{found.name}: {found.detail}" for found in outcome.findings if not found.passed],
    }
    print(json.dumps(said))
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
