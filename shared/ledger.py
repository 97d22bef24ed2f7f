"""The run ledger: one DynamoDB table that keeps runs, one chain of waits per step, locks and the audit trail.

Changes that two deliveries could make at once are compare-and-set.
"""

import itertools
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.aws import client
from shared.errors import code_of
from shared.items import REFUSED, Items, key_of
from shared.records import (
    Choice,
    Delivery,
    Progress,
    Run,
    Sighting,
    StepRecord,
    StepState,
    Transition,
    Verification,
    WorkerFailure,
)
from shared.requests import Requests

_order = itertools.count()  # lines of one process keep their order within a microsecond
_PLACES = "lock#places"  # among the locks, which only restore may write


def now() -> datetime:
    """Return the current time, UTC."""
    return datetime.now(UTC)


class Ledger:
    """The ledger of one account; `connect` gives the DynamoDB client, by default the environment's."""

    def __init__(
        self,
        table: str,
        clock: Callable[[], datetime] = now,
        connect: Callable[[], Any] = lambda: client("dynamodb"),
    ) -> None:
        self._table = table
        self._clock = clock
        self._connect = connect
        self._items = Items(table, clock, connect)
        self.requests = Requests(table, clock, connect)

    # Runs ---------------------------------------------------------------------------------------------

    def run(self, run_id: str) -> Run | None:
        """Read a run; None if this account knows none of this name."""
        return self._items.read(run_id, "run", Run)

    def runs(self) -> Iterator[Run]:
        """List every run that the ledger still keeps, in no order."""
        return self._items.everywhere("run", Run)

    def open_run(self, run: Run) -> Run:
        """Write a run unless it exists; return the one that the ledger holds."""
        if self._items.write(run.run_id, "run", run, condition="attribute_not_exists(pk)"):
            self.note(run.run_id, "run", "opened", f"attempt {run.attempt}, requested by {run.requested_by}")
            return run
        existing = self.run(run.run_id)
        assert existing is not None, "a run that could not be written anew is there"  # noqa: S101
        return existing

    def reopen_run(self, failed: Run, run: Run) -> Run:
        """Begin the next attempt of a run that failed; return the one that the ledger holds."""
        again = run.model_copy(update={"attempt": failed.attempt + 1})
        if self._items.write(
            run.run_id,
            "run",
            again,
            condition="attempt = :before",
            values={":before": {"S": str(failed.attempt)}},
        ):
            self.note(
                run.run_id, "run", "opened", f"attempt {again.attempt}, requested by {run.requested_by}"
            )
            return again
        existing = self.run(run.run_id)
        assert existing is not None, "a run that could not be rewritten is there"  # noqa: S101
        return existing

    def record_facts(self, run_id: str, **facts: datetime | str) -> None:
        """Write facts about a run, each once: what is there already stays."""
        self._items.add_facts(run_id, "run", facts)

    # `target` is empty for the target that is named as its source: it needs no name of its own here.

    def delivery(self, run_id: str, edition: str = "", target: str = "") -> Delivery:
        """Read what development has done with the snapshot of a run for a target."""
        return self._items.read(run_id, _delivery(edition, target), Delivery) or Delivery()

    def record_delivery(
        self, run_id: str, edition: str = "", target: str = "", **facts: datetime | str
    ) -> None:
        """Write facts about what development does with the snapshot of a run, each once."""
        self._items.add_facts(run_id, _delivery(edition, target), facts)

    def choice(self, target: str) -> Choice | None:
        """Read what an operator chose for a target."""
        return self._items.read(target, "choice", Choice)

    def choose(self, target: str, choice: Choice) -> None:
        """Write what an operator chose for a target; a later choice replaces it."""
        self._items.write(target, "choice", choice)

    def sighting(self, copy: str) -> Sighting | None:
        """Read how an unfinished copy looked to the sweep."""
        return self._items.read(copy, "sighting", Sighting)

    def record_sighting(self, copy: str, sighting: Sighting) -> None:
        """Write how an unfinished copy looks; it replaces what was seen before."""
        self._items.write(copy, "sighting", sighting)

    def record_password(self, run_id: str, resource_id: str) -> None:
        """Write which temporary database has our master password now; a later one replaces it."""
        self._items.add_facts(run_id, "run", {"password_set_for": resource_id}, once=False)

    def record_task(self, run_id: str, task: str, start: int) -> None:
        """Write which task is the worker's now, and the number of its start."""
        self._items.add_facts(run_id, "run", {"task": task, "starts": str(start)}, once=False)

    def record_delivered_password(
        self, run_id: str, edition: str, resource_id: str, target: str = ""
    ) -> None:
        """Write which new target has our master password now; a later one replaces it."""
        self._items.add_facts(
            run_id, _delivery(edition, target), {"password_set_for": resource_id}, once=False
        )

    def record_prepared(self, run_id: str, edition: str, resource_id: str, target: str = "") -> None:
        """Write which new target has run what developers need; a later one replaces it."""
        self._items.add_facts(run_id, _delivery(edition, target), {"prepared_for": resource_id}, once=False)

    def forget_build_failure(self, run_id: str, edition: str = "", target: str = "") -> None:
        """Let the next look build the target of this run again."""
        self._connect().update_item(
            TableName=self._table,
            Key=key_of(run_id, _delivery(edition, target)),
            UpdateExpression="REMOVE build_failure",
        )

    # Locks --------------------------------------------------------------------------------------------

    def take_lock(self, source: str, run_id: str) -> bool:
        """Take the lock of a source for a run; True if the run holds it now, False if another does."""
        try:
            self._connect().put_item(
                TableName=self._table,
                Item={**key_of(f"lock#{source}", "lock"), "run_id": {"S": run_id}},
                ConditionExpression="attribute_not_exists(pk) OR run_id = :run",
                ExpressionAttributeValues={":run": {"S": run_id}},
            )
        except ClientError as error:
            if code_of(error) == REFUSED:
                return False
            raise
        return True

    def lock_holder(self, source: str) -> str | None:
        """Name the run that holds the lock of a source."""
        item = self._items.fields(f"lock#{source}", "lock")
        return item["run_id"] if item else None

    def release_lock(self, source: str, run_id: str) -> None:
        """Give the lock of a source back, if this run holds it."""
        try:
            self._connect().delete_item(
                TableName=self._table,
                Key=key_of(f"lock#{source}", "lock"),
                ConditionExpression="attribute_not_exists(pk) OR run_id = :run",
                ExpressionAttributeValues={":run": {"S": run_id}},
            )
        except ClientError as error:
            if code_of(error) != REFUSED:
                raise

    # Places -------------------------------------------------------------------------------------------

    def take_place(self, run_id: str, places: int) -> bool:
        """Take one of so many places for runs that have a temporary database; False if all are taken."""
        try:
            self._connect().update_item(
                TableName=self._table,
                Key=key_of(_PLACES, "places"),
                UpdateExpression="ADD runs :this",
                ConditionExpression=(
                    "attribute_not_exists(runs) OR size(runs) < :places OR contains(runs, :run)"
                ),
                ExpressionAttributeValues={
                    ":this": {"SS": [run_id]},
                    ":run": {"S": run_id},
                    ":places": {"N": str(places)},
                },
            )
        except ClientError as error:
            if code_of(error) == REFUSED:
                return False
            raise
        return True

    def places(self) -> frozenset[str]:
        """Name the runs that have a place."""
        answer = self._connect().get_item(
            TableName=self._table, Key=key_of(_PLACES, "places"), ConsistentRead=True
        )
        return frozenset(answer.get("Item", {}).get("runs", {}).get("SS", []))

    def leave_place(self, run_id: str) -> None:
        """Give the place of a run to the next."""
        self._connect().update_item(
            TableName=self._table,
            Key=key_of(_PLACES, "places"),
            UpdateExpression="DELETE runs :this",
            ExpressionAttributeValues={":this": {"SS": [run_id]}},
        )

    # Steps --------------------------------------------------------------------------------------------

    def step(self, subject: str, step: str) -> StepRecord | None:
        """Read what a step remembers about its subject."""
        return self._items.read(subject, f"step#{step}", StepRecord)

    def begin_step(self, record: StepRecord, *, instead_of: str | None = None) -> bool:
        """Write a new step, or one in place of the ended one with that token; False if another was faster."""
        if instead_of is None:
            return self._items.write(
                record.subject, f"step#{record.step}", record, "attribute_not_exists(pk)"
            )
        return self._items.write(
            record.subject, f"step#{record.step}", record, "#token = :old", {":old": {"S": instead_of}}
        )

    def advance_step(self, record: StepRecord, tokens: frozenset[str]) -> bool:
        """Replace a working step if its token is one of these; False if another delivery was faster."""
        names = [f":token{number}" for number in range(len(tokens))]
        values = {name: {"S": token} for name, token in zip(names, sorted(tokens), strict=True)}
        return self._items.write(
            record.subject,
            f"step#{record.step}",
            record,
            f"#token IN ({', '.join(names)}) AND #state = :working",
            {**values, ":working": {"S": StepState.WORKING.value}},
        )

    def mark_published(self, record: StepRecord) -> None:
        """Remember that the outcome of an ended step was published."""
        self._items.write(
            record.subject,
            f"step#{record.step}",
            record.model_copy(update={"published": True}),
            "#token = :token",
            {":token": {"S": record.token}},
        )

    # History and the worker's words -----------------------------------------------------------------------

    def note(self, subject: str, step: str, what: str, why: str) -> None:
        """Append one line to the history of a run."""
        at = self._clock()
        line = Transition(at=at, step=step, what=what, why=why)
        moment = f"{at.isoformat(timespec='microseconds')}#{next(_order):06d}"
        self._items.write(subject, f"at#{moment}#{secrets.token_hex(2)}", line)

    def history(self, subject: str) -> list[Transition]:
        """Read the history of a run, oldest first."""
        return self._items.of(subject, "at#", Transition)

    def steps(self, subject: str) -> list[StepRecord]:
        """Read every step that remembers this subject."""
        return self._items.of(subject, "step#", StepRecord)

    def record_progress(self, run_id: str, progress: Progress) -> None:
        """Write how far the worker is."""
        self._items.write(_workers(run_id), "progress", progress)

    def progress(self, run_id: str) -> Progress | None:
        """Read how far the worker is."""
        return self._items.read(_workers(run_id), "progress", Progress)

    def record_verification(self, run_id: str, verification: Verification) -> None:
        """Write what verification found in one database."""
        self._items.write_document(
            _workers(run_id), f"verification#{verification.database_resource_id}", verification
        )

    def verification(self, run_id: str, resource_id: str) -> Verification | None:
        """Read what verification found in one database."""
        return self._items.read_document(_workers(run_id), f"verification#{resource_id}", Verification)

    def record_worker_failure(self, run_id: str, reason: str, resource_id: str) -> None:
        """Write why the worker gave up on one database; the reason must hold no personal value."""
        failure = WorkerFailure(database_resource_id=resource_id, reason=reason)
        self._items.write_document(_workers(run_id), f"failure#{resource_id}", failure)

    def worker_failure(self, run_id: str, resource_id: str) -> WorkerFailure | None:
        """Read why the worker gave up on one database."""
        return self._items.read_document(_workers(run_id), f"failure#{resource_id}", WorkerFailure)


def _workers(run_id: str) -> str:
    """Name the partition of what the worker says about a run: IAM lets it write there, and nobody else."""
    return f"worker#{run_id}"


def _delivery(edition: str, target: str) -> str:
    return "delivery" + (f"@{target}" if target else "") + (f"#{edition}" if edition else "")
