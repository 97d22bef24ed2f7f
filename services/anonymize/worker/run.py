"""The worker's run: environment in, exit code out, everything else in the ledger and the report."""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.anonymize.worker.connecting import Address, ConnectionProblemError, log_in
from services.anonymize.worker.engines import open_database, try_login
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.mask_keys import run_key
from services.anonymize.worker.pipeline import Outcome, anonymize, under_way
from services.anonymize.worker.policy import load_policy
from services.anonymize.worker.policy.reading import PER_RUN
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.report import Connections, as_json, write_report
from services.anonymize.worker.schema_file import SCHEMA_FILE, write_schema
from shared.aws import client
from shared.bundle import POLICY_FILE, BundleError, read_bundle
from shared.database.families import Family, UnknownEngineError, family_of
from shared.ledger import Ledger
from shared.records import Check, Progress, Verification

LOG = logging.getLogger("snapveil.worker")
MOST_CONNECTIONS = 64
TELL_SECONDS = 0.25


NEEDED = (
    "RUN_ID",
    "LEDGER_TABLE",
    "SECRET_ID",
    "POLICY_URI",
    "POLICY_DIGEST",
    "DATABASE_RESOURCE_ID",
    "REPORT_URI",
)


class SettingsError(Exception):
    """The environment is not one in which the worker can begin."""


@dataclass(frozen=True)
class Settings:
    """What the worker is told by its environment."""

    run_id: str
    ledger_table: str
    secret_id: str
    policy_uri: str
    policy_digest: str
    database_resource_id: str
    report_uri: str
    connections: int
    connections_why: str
    patience: float
    tls: str
    concluded: bool = False  # an earlier worker recorded a verification that passed

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises SettingsError, which names all that is missing."""
        missing = [f"SNAPVEIL_{name}" for name in NEEDED if f"SNAPVEIL_{name}" not in environment]
        if missing:
            raise SettingsError(
                f"the environment lacks {', '.join(missing)}; the anonymize service starts it with them"
            )
        connections = _number(environment, "SNAPVEIL_CONNECTIONS", os.cpu_count() or 1)
        return cls(
            run_id=environment["SNAPVEIL_RUN_ID"],
            ledger_table=environment["SNAPVEIL_LEDGER_TABLE"],
            secret_id=environment["SNAPVEIL_SECRET_ID"],
            policy_uri=environment["SNAPVEIL_POLICY_URI"],
            policy_digest=environment["SNAPVEIL_POLICY_DIGEST"],
            database_resource_id=environment["SNAPVEIL_DATABASE_RESOURCE_ID"],
            report_uri=environment["SNAPVEIL_REPORT_URI"],
            connections=max(1, min(int(connections), MOST_CONNECTIONS)),
            connections_why=environment.get("SNAPVEIL_CONNECTIONS_WHY") or "the worker was told nothing else",
            patience=_number(environment, "SNAPVEIL_LOGIN_PATIENCE_SECONDS", 900),
            tls=environment.get("SNAPVEIL_TLS") or "require",
            concluded=environment.get("SNAPVEIL_CONCLUDED") == "true",
        )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        return float(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}, not a number") from None


def main() -> int:
    """Run the worker; return its exit code: 2 where it could not even begin."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        settings = Settings.read(os.environ)
    except SettingsError as error:
        LOG.error("%s", error)
        return 2
    ledger = Ledger(settings.ledger_table)
    try:
        outcome = work(
            settings,
            throttled(lambda advance: _record(ledger, settings.run_id, advance)),
            lambda outcome, seconds: _record_verification(ledger, settings, outcome, seconds),
        )
    except Exception as error:  # noqa: BLE001 - every ending is recorded, and no traceback may show a value
        reason = reason_of(error)
        LOG.error("%s", reason)
        ledger.record_worker_failure(settings.run_id, reason, settings.database_resource_id)
        return 1
    return 0 if outcome is None or outcome.passed else 1


def work(settings: Settings, tell: Tell, record: Callable[[Outcome, float], None]) -> Outcome | None:
    """Mask and verify the run's database; write the report, beside it the schema that was found, and record
    what came out. None if an earlier worker did all of it and was stopped before it could end."""
    started = time.monotonic()
    try:
        bundle = read_bundle(settings.policy_uri)
    except BundleError as error:
        raise MaskingError(str(error)) from error
    if bundle.digest != settings.policy_digest:
        raise MaskingError(
            f"the policy at {settings.policy_uri} has digest {bundle.digest[:12]}…, but the run is bound to"
            f" {settings.policy_digest[:12]}…; it was changed after the run began"
        )
    policy = load_policy(bundle.policy, POLICY_FILE, bundle.files.get)
    LOG.info("connections: %s (%s)", settings.connections, settings.connections_why)
    named = run_key(policy.key, client("secretsmanager")) if policy.key else None
    address = log_in(lambda: read_secret(settings), try_login, settings.patience, tell)
    key = named or RunKey.of_password(address.password, settings.run_id)
    if policy.database is not None:
        address = replace(address, database=policy.database)
    s3 = client("s3") if settings.report_uri.startswith("s3://") else None

    def conclude(outcome: Outcome) -> None:
        report = as_json(
            settings.run_id,
            settings.policy_digest,
            outcome,
            policy.key or PER_RUN,
            Connections(settings.connections, settings.connections_why),
        )
        write_report(settings.report_uri, report, s3)
        folder = settings.report_uri.rpartition("/")[0]
        write_report(f"{folder}/{SCHEMA_FILE}", write_schema(address.family, outcome.schema), s3)
        record(outcome, time.monotonic() - started)

    database = open_database(address, key)
    try:
        if settings.concluded and not under_way(database):
            return None
        return anonymize(
            database,
            policy,
            bundle.files,
            settings.connections,
            tell,
            conclude,
            must_continue=settings.concluded,
        )
    finally:
        database.close()


def _record_verification(ledger: Ledger, settings: Settings, outcome: Outcome, seconds: float) -> None:
    verification = Verification(
        run_id=settings.run_id,
        policy_digest=settings.policy_digest,
        database_resource_id=settings.database_resource_id,
        passed=outcome.passed,
        checks=tuple(
            Check(name=found.name, passed=found.passed, examined=found.examined, detail=found.detail)
            for found in outcome.findings
        ),
        tables_masked=sum(1 for done in outcome.tables if done.plan.masked),
        columns_masked=outcome.columns_masked,
        rows_masked=outcome.rows_masked,
        seconds=round(seconds, 3),
    )
    ledger.record_verification(settings.run_id, verification)
    if not outcome.passed:
        failed = "; ".join(f"{found.name}: {found.detail}" for found in outcome.findings if not found.passed)
        ledger.record_worker_failure(
            settings.run_id, f"verification failed: {failed}", settings.database_resource_id
        )


def read_secret(settings: Settings) -> Address:
    """Read where the database is from the master secret, RDS's own format."""
    answer: dict[str, Any] = client("secretsmanager").get_secret_value(SecretId=settings.secret_id)
    secret = json.loads(answer["SecretString"])
    try:
        family = family_of(str(secret.get("engine", "postgres")))
    except UnknownEngineError as error:
        raise ConnectionProblemError(f"the secret's engine: {error}") from None
    first = "postgres" if family is Family.POSTGRESQL else ""  # MySQL's family has none of its own
    return Address(
        host=secret["host"],
        port=int(secret["port"]),
        user=secret["username"],
        database=secret.get("dbname") or first,
        password=secret["password"],
        tls=settings.tls,
        family="postgresql" if family is Family.POSTGRESQL else "mysql",
    )


def throttled(tell: Tell, clock: Callable[[], float] = time.monotonic) -> Tell:
    """Tell at most a few times a second, but every new step and every step's end."""
    last: tuple[float, str] = (-1.0, "")

    def told(advance: Advance) -> None:
        nonlocal last
        ended = advance.tables_total > 0 and advance.tables_done == advance.tables_total
        if advance.step != last[1] or ended or clock() - last[0] >= TELL_SECONDS:
            last = (clock(), advance.step)
            tell(advance)

    return told


def _record(ledger: Ledger, run_id: str, advance: Advance) -> None:
    LOG.info("%s %s/%s %s", advance.step, advance.tables_done, advance.tables_total, advance.table or "")
    ledger.record_progress(
        run_id,
        Progress(
            step=advance.step,
            tables_done=advance.tables_done,
            tables_total=advance.tables_total,
            rows_done=advance.rows_done,
            rows_total=advance.rows_total,
            table=advance.table,
        ),
    )
