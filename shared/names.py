"""Deterministic names: a run's identifier and the name of everything that a run makes.

RDS has no client tokens, so a name that anyone can derive again is what makes a repeated call harmless.
The budget is 63 characters (clusters, cluster snapshots and instances), lower case, no double hyphen.
"""

import hashlib
import re
from datetime import UTC, datetime

PREFIX = "snapveil-"
TEMPORARY = f"{PREFIX}tmp-"
MASKED = f"{PREFIX}fin-"
SHARED = f"{PREFIX}shr-"
COPY = f"{PREFIX}cpy-"
TARGET = f"{PREFIX}dev-"

RUN_ID_TAG = "snapveil:run-id"
SOURCE_TAG = "snapveil:source"
ACCOUNT_TAG = "snapveil:account"
EDITION_TAG = "snapveil:edition"

SOURCE_PATTERN = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
RUN_ID_PATTERN = rf"{SOURCE_PATTERN}-[0-9]{{8}}t[0-9]{{4}}-[0-9a-f]{{8}}"
_RUN_ID = re.compile(rf"(?P<source>{SOURCE_PATTERN})-(?P<at>[0-9]{{8}}t[0-9]{{4}})-[0-9a-f]{{8}}")


def run_id(source: str, snapshot: str, created_at: datetime, policy_digest: str) -> str:
    """Name the run of this source, source snapshot and policy: the same three make the same run."""
    digest = hashlib.sha256("\n".join([source, snapshot, created_at.isoformat(), policy_digest]).encode())
    return f"{source}-{created_at.astimezone(UTC):%Y%m%dt%H%M}-{digest.hexdigest()[:8]}"


def is_run_id(text: str) -> bool:
    """Tell whether this is the identifier of a run."""
    return _RUN_ID.fullmatch(text) is not None


def source_of(run: str) -> str:
    """Name the source of a run."""
    match = _RUN_ID.fullmatch(run)
    if match is None:
        raise ValueError(f"{run!r} is no run id (expected <source>-<yyyymmddthhmm>-<8 hex digits>)")
    return match["source"]


def data_of(run: str) -> datetime:
    """Tell when the source snapshot of a run was made (UTC, to the minute): how fresh its data are."""
    match = _RUN_ID.fullmatch(run)
    if match is None:
        raise ValueError(f"{run!r} is no run id (expected <source>-<yyyymmddthhmm>-<8 hex digits>)")
    return datetime.strptime(match["at"], "%Y%m%dt%H%M").replace(tzinfo=UTC)


def temporary_database(run: str) -> str:
    """Name the database in which a run masks."""
    return TEMPORARY + run


def masked_snapshot(run: str) -> str:
    """Name the snapshot of the masked database, still under the key that never leaves production."""
    return MASKED + run


def shared_snapshot(run: str) -> str:
    """Name the anonymized snapshot, under the share key."""
    return SHARED + run


def development_copy(run: str) -> str:
    """Name the copy that the development account makes of the anonymized snapshot."""
    return COPY + run


def is_snapshot_of(database: str, snapshot: str) -> bool:
    """Tell whether a snapshot of a database may be restored: IAM tells snapshots apart by their names only.

    RDS's own bear the database's name (`rds:<database>-…`, `preupgrade-<database>-…`), and so must manual
    ones; AWS Backup names those of clusters by its job.
    """
    return snapshot.startswith(
        (f"rds:{database}-", f"preupgrade-{database}-", f"{database}-", "awsbackup:job-")
    )


def run_of(name: str) -> str | None:
    """Find the run in the name (or ARN) of anything that a run made; None if a run did not make it."""
    bare = name.rsplit(":", 1)[-1]
    for prefix in (TEMPORARY, MASKED, SHARED, COPY):
        if bare.startswith(prefix) and is_run_id(bare.removeprefix(prefix)):
            return bare.removeprefix(prefix)
    return None


def beside(target: str, run: str, edition: str = "") -> str:
    """Name the database that is built beside the target from this run; the first one has no edition."""
    return f"{target}-new-{edition or run[-8:]}"


def set_aside(target: str, run: str) -> str:
    """Name what the target becomes once the database of this run has taken its name."""
    return f"{target}-old-{run[-8:]}"


def master_secret(owner: str) -> str:
    """Name the secret that holds a master password; the owner is a run or a target."""
    return f"snapveil/{owner}/master"
