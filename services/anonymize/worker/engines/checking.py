"""Looks for what a policy does not know or cannot do, before anything is written."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.fitting import Fitting, misfits
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import DocumentCheck, Trial

if TYPE_CHECKING:
    from services.anonymize.worker.engines.port import Database

SHOWN = 10


def check_documents(database: "Database", checks: Iterable[DocumentCheck | Trial]) -> None:
    """Run a plan's checks. Raises MaskingError with all that was found."""
    checks = list(checks)
    fitted = [check for check in checks if isinstance(check, Fitting)]
    failed = {
        trial: why
        for trial in checks
        if isinstance(trial, Trial) and not isinstance(trial, Fitting)
        if (why := failure(database, trial)) is not None
    }
    said = {(trial.at, trial.column) for trial in failed}
    for table in fitted:  # which would say again what a trial says
        failed |= {one: why for one, why in misfits(database, table) if (one.at, one.column) not in said}
    if failed:
        by_place = sorted(failed.items(), key=lambda one: one[0].at)
        raise MaskingError(
            "\n".join(f"{one.at}: {one.column}: {one.complaint}{why}" for one, why in by_place)
        )
    found = sorted(
        (check.at, f"{check.at}: {check.column} {said}")
        for check in checks
        if isinstance(check, DocumentCheck)
        for said in _unknown(database, check)
    )
    if found:
        more = f"\nand {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        hint = "\nname it under paths, or write others: keep or drop"
        raise MaskingError("\n".join(said for _, said in found[:SHOWN]) + more + hint)


def _unknown(database: "Database", check: DocumentCheck) -> Iterator[str]:
    """What a column's documents have that the policy does not say. Raises MaskingError if that cannot be
    decided."""
    try:
        with database.begin() as connection:
            rows = query(connection, check.query)
    except DBAPIError as error:
        said = f"cannot be looked through for what paths does not say: {reason_of(error)}"
        raise MaskingError(f"{check.at}: {check.column} {said}") from error
    for path, what in rows:
        shown = f"{what} at {path}" if what == "unknown key" else f"{_kind(what)} at {path or 'its root'}"
        yield f"has {shown}, which paths does not say"


def failure(database: "Database", trial: Trial) -> str | None:
    """Why a trial fails, as far as may be said; None if it does not."""
    try:
        with database.begin_reading() as connection:
            return "" if query(connection, trial.query) else None
    except DBAPIError as error:
        reason = reason_of(error)
        return "" if reason.endswith("is withheld") else f": {reason}"


def _kind(found: str) -> str:
    return f"an {found}" if found[0] in "aiou" else f"a {found}"
