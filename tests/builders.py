"""Builders of what stages see, so that a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared import names
from shared.database.conditions import condition
from shared.database.port import Database, Endpoint, Kind, Origin, Snapshot
from shared.records import Check, Run, Verification

PRODUCTION = "111111111111"
DEVELOPMENT = "222222222222"
REGION = "eu-west-3"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
RUN_ID = "shop-fr-20261123t0305-1f9c3a7e"
NEWER_RUN_ID = "shop-fr-20261130t0305-0a1b2c3d"
DIGEST = "ab" * 32
RESOURCE_ID = "db-TEMPORARY"
SHARE_KEY = f"arn:aws:kms:{REGION}:{PRODUCTION}:key/share"
PRODUCTION_KEY = f"arn:aws:kms:{REGION}:{PRODUCTION}:key/production"
COPY_KEY = f"arn:aws:kms:{REGION}:{DEVELOPMENT}:key/copy"


def a_run(**changes: Any) -> Run:
    """A run that has just begun."""
    fields: dict[str, Any] = {
        "run_id": RUN_ID,
        "source": "shop-fr",
        "kind": Kind.INSTANCE,
        "snapshot": "rds:shop-fr-prod-2026-11-23-03-05",
        "snapshot_created_at": datetime(2026, 11, 23, 3, 5, tzinfo=UTC),
        "policy_digest": DIGEST,
        "requested_by": "schedule",
        "started_at": NOW,
    }
    return Run(**fields | changes)


def a_database(name: str | None = None, status: str = "available", **changes: Any) -> Database:
    """A database that a run made."""
    name = name or names.temporary_database(RUN_ID)
    fields: dict[str, Any] = {
        "name": name,
        "kind": Kind.INSTANCE,
        "status": status,
        "condition": condition(status),
        "resource_id": RESOURCE_ID,
        "arn": f"arn:aws:rds:{REGION}:{PRODUCTION}:db:{name}",
        "engine": "postgres",
        "engine_version": "18.1",
        "master_username": "shop_admin",
        "database_name": "shop",
        "endpoint": Endpoint("127.0.0.1", 5433),
        "tags": {names.RUN_ID_TAG: RUN_ID, names.SOURCE_TAG: "shop-fr"},
    }
    return Database(**fields | changes)


def a_snapshot(name: str | None = None, status: str = "available", **changes: Any) -> Snapshot:
    """A snapshot that a run made of its temporary database."""
    name = name or names.masked_snapshot(RUN_ID)
    ready = status == "available"
    fields: dict[str, Any] = {
        "name": name,
        "kind": Kind.INSTANCE,
        "status": status,
        "condition": condition(status),
        "arn": f"arn:aws:rds:{REGION}:{PRODUCTION}:snapshot:{name}",
        "origin": Origin.MANUAL,
        "database": names.temporary_database(RUN_ID),
        "database_resource_id": RESOURCE_ID,
        "engine": "postgres",
        "engine_version": "18.1",
        "encrypted": True,
        "created_at": NOW if ready else None,
        "kms_key": PRODUCTION_KEY,
        "tags": {names.RUN_ID_TAG: RUN_ID, names.SOURCE_TAG: "shop-fr"},
    }
    return Snapshot(**fields | changes)


def a_verification(**changes: Any) -> Verification:
    """A verification that passed, bound to the run of `a_run`."""
    fields: dict[str, Any] = {
        "run_id": RUN_ID,
        "policy_digest": DIGEST,
        "database_resource_id": RESOURCE_ID,
        "passed": True,
        "checks": (Check(name="originals", passed=True, examined=12, detail="no original is left"),),
        "tables_masked": 3,
        "columns_masked": 9,
        "rows_masked": 1000,
        "seconds": 1.5,
    }
    return Verification(**fields | changes)


def later(hours: float) -> datetime:
    """A moment after NOW."""
    return NOW + timedelta(hours=hours)
