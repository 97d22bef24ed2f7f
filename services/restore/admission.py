"""Admission: what becomes of a request for a refresh – it begins a run, joins the one that goes on, or waits.

A request is known by its token, so that one that comes again is answered as before. What waits is in the
ledger; whoever ends the run before it wakes it, and so does the hourly sweep.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared import names
from shared.database.port import Condition, Databases, Kind, Snapshot
from shared.events import MessageError, RefreshRequested
from shared.observability import logger
from shared.records import Answer, How, Run, Status, Waiting
from shared.stage import Drop

if TYPE_CHECKING:
    from shared.config import Production, Source
    from shared.ledger import Ledger

CANCELLED_SHOWN = timedelta(days=7)


def choose_snapshot(
    database: str, snapshots: list[Snapshot], longest_age: timedelta, now: datetime
) -> tuple[Snapshot, datetime]:
    """Choose the newest snapshot that can be restored. Raises MessageError if none is fresh enough."""
    dated = [
        (snapshot, snapshot.created_at)
        for snapshot in snapshots
        if snapshot.condition is Condition.READY
        if snapshot.created_at is not None and names.is_snapshot_of(database, snapshot.name)
    ]
    if not dated:
        raise MessageError(
            f"{database} has no snapshot that is available and bears its name; "
            f"make one called {database}-…, then replay this message"
        )
    newest, created_at = max(dated, key=lambda pair: (pair[1], pair[0].name))
    age = now - created_at
    if age > longest_age:
        raise MessageError(
            f"the newest snapshot of {database}, {newest.name}, is {age // timedelta(hours=1)} hours old; "
            f"max_snapshot_age allows {longest_age // timedelta(hours=1)}; see why backups stopped"
        )
    return newest, created_at


def wake(source: str) -> RefreshRequested:
    """Make the message that begins what waits for a source."""
    return RefreshRequested(source=source, requested_by="queue", queued=True)


class Admission:
    """Decides about requests over the ledger, the snapshots and the published policies."""

    def __init__(
        self,
        config: "Production",
        ledger: "Ledger",
        databases: Mapping[Kind, Databases],
        digest_of_policy: Callable[[str], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._requests = ledger.requests
        self._databases = databases
        self._digest_of_policy = digest_of_policy
        self._clock = clock

    def admit(self, request: RefreshRequested) -> Run | Drop:
        """Return the run that a request makes or that goes on, at which one more look is harmless.

        Raises MessageError if the source is unknown or has no snapshot that is fresh enough; a request that
        waits goes on waiting instead.
        """
        if request.queued:
            return self._wake(request)
        try:
            return self._admit(request)
        except MessageError as error:
            self._answer(request, Answer(how=How.REFUSED, why=error.reason))
            raise

    def source(self, name: str) -> "Source":
        """Find a source in the configuration. Raises MessageError if it is not there."""
        source = self._config.sources.get(name)
        if source is None:
            known = ", ".join(sorted(self._config.sources))
            raise MessageError(f"the configuration has no source {name!r} (it has {known})")
        return source

    def _wake(self, request: RefreshRequested) -> Run | Drop:
        waiting = self._requests.waiting(request.source)
        if waiting is None:
            return Drop(f"nothing waits for {request.source}")
        if request.source not in self._config.sources:
            cancel(self._ledger, waiting)
            return Drop(f"{request.source} is no source any more: what waited for it is cancelled")
        if going := self._going(request.source):
            return Drop(f"{going.run_id} goes on; what waits for {request.source} waits on")
        try:
            return self._begin(request, waiting)
        except MessageError as error:
            logger.warning("what waits cannot begin yet", source=request.source, why=error.reason)
            self._requests.hold(waiting, error.reason)
            return Drop(f"{request.source}: {error.reason}")

    def _admit(self, request: RefreshRequested) -> Run | Drop:
        self.source(request.source)
        if request.target is not None:
            raise MessageError(f"target {request.target!r} is development's to refresh; leave it out here")
        known = self._requests.answered(request.request) if request.request else None
        if known is not None and known.how in {How.BEGAN, How.JOINED, How.SERVED}:
            return self._as_before(known)
        waiting = self._requests.waiting(request.source)
        going = self._going(request.source)
        if going is None:
            return self._begin(request, waiting)
        if waiting is not None and request.request in waiting.tokens:
            return Drop(f"it waits for the end of {going.run_id} already")
        return self._during(request, going)

    def _as_before(self, known: Answer) -> Run | Drop:
        """Go on with the run that a request made or joined, if it comes again before its end."""
        run = self._ledger.run(known.run_id) if known.run_id else None
        if run is None or run.over or run.attempt != known.attempt:
            return Drop(f"it was answered: {known.why}")
        return run

    def _going(self, source: str) -> Run | None:
        """Find the run that holds a source."""
        holder = self._ledger.lock_holder(source)
        return self._ledger.run(holder) if holder else None

    def _during(self, request: RefreshRequested, going: Run) -> Run | Drop:
        """Join the run that goes on, or wait for its end."""
        if request.request is not None and request.request == going.request:
            self._answer(request, _begun(going))
            return going
        joins = self.source(request.source).during_run == "join" and not going.failed_at
        if joins and self._wanted(request, None).run_id == going.run_id:
            self._note(going, "joined", f"asked for again by {request.requested_by}")
            self._answer(request, _about(How.JOINED, going, f"{going.run_id} goes on and serves it"))
        else:
            why = f"one run follows when {_named(going)} has ended"
            self._answer(
                request, _about(How.QUEUED, going, why)
            )  # before a run can say that it begins for it
            self._requests.wait(request.source, request.requested_by, request.request)
            self._note(going, "queued", f"{why}; requested by {request.requested_by}")
            if self._is_free(going):  # it ended meanwhile, and may have seen nobody wait
                waiting = self._requests.waiting(request.source)
                return self._begin(request, waiting) if waiting else Drop("it was woken meanwhile")
        return Drop(f"{going.run_id} is over and holds {request.source}") if going.over else going

    def _is_free(self, earlier: Run) -> bool:
        """Tell whether a run has ended, and its source is nobody's."""
        run = self._ledger.run(earlier.run_id)
        ended = run is None or (run.over and run.removed_at is not None)
        return ended and self._ledger.lock_holder(earlier.source) is None

    def _begin(self, request: RefreshRequested, waiting: Waiting | None) -> Run | Drop:
        """Open the run of the newest snapshot, or its next attempt, for this request and all that wait."""
        wanted = self._wanted(request, waiting)
        run = self._ledger.open_run(wanted)
        if run.status is Status.FAILED:
            run = self._ledger.reopen_run(run, wanted)
        if run.shared_at is not None:
            why = f"{run.run_id} is made of the newest snapshot already"
            self._serve(run, waiting, why)
            self._answer(request, _about(How.SERVED, run, why))
            return Drop(why)
        is_for_it = (
            waiting is not None and request.request in waiting.tokens and run.serves == waiting.edition
        )
        if run.request != wanted.request and not request.queued and not is_for_it:
            return self._during(request, run)
        if run.over:
            return Drop(f"{_named(run)} has not ended; what waits for {run.source} waits on")
        tokens = waiting.tokens if waiting and waiting.edition == run.serves else frozenset()
        self._requests.answer(tokens, _begun(run))
        self._answer(request, _begun(run))
        return run

    def _serve(self, run: Run, waiting: Waiting | None, why: str) -> None:
        """End the waiting for what a run has made already."""
        if waiting is None:
            return
        self._note(run, "joined", f"{why}; requested by {', '.join(sorted(waiting.requesters))}")
        self._requests.answer(waiting.tokens, _about(How.SERVED, run, why))
        self._requests.end(run.source, waiting.edition)

    def _wanted(self, request: RefreshRequested, waiting: Waiting | None) -> Run:
        source, now = self.source(request.source), self._clock()
        snapshots = list(self._databases[source.kind].snapshots_of(source.database))
        snapshot, created_at = choose_snapshot(source.database, snapshots, source.max_snapshot_age, now)
        digest = self._digest_of_policy(source.policy)
        asked = set() if request.queued else {request.requested_by}
        return Run(
            run_id=names.run_id(request.source, snapshot.name, created_at, digest),
            source=request.source,
            kind=source.kind,
            snapshot=snapshot.name,
            snapshot_created_at=created_at,
            policy_digest=digest,
            requested_by=", ".join(sorted(asked | (waiting.requesters if waiting else set()))),
            request=None if request.queued else request.request,
            serves=waiting.edition if waiting else None,
            started_at=now,
        )

    def _note(self, run: Run, what: str, why: str) -> None:
        self._ledger.note(run.history, "run", what, why)

    def _answer(self, request: RefreshRequested, answer: Answer) -> None:
        if request.request is not None:
            self._requests.answer([request.request], answer)


def cancel(ledger: "Ledger", waiting: Waiting) -> None:
    """Cancel what waits for a source that left the configuration, and say so to all who asked."""
    why = f"{waiting.source} is no source any more"
    ledger.requests.answer(waiting.tokens, Answer(how=How.CANCELLED, why=why))
    ledger.requests.cancel(waiting)
    logger.warning("a request that waited is cancelled", why=why, requesters=sorted(waiting.requesters))


def sweep(ledger: "Ledger", config: "Production", now: datetime) -> Iterator[RefreshRequested]:
    """Wake what waits for a source that is nobody's, and cancel what waits for one that there is no more."""
    for source, waiting in ledger.requests.queue().items():
        if waiting.cancelled_at is not None:
            if now - waiting.cancelled_at > CANCELLED_SHOWN:
                ledger.requests.end(source, waiting.edition)
        elif source not in config.sources:
            cancel(ledger, waiting)
        elif ledger.lock_holder(source) is None:
            yield wake(source)


def _begun(run: Run) -> Answer:
    return _about(How.BEGAN, run, f"{run.run_id} begins, attempt {run.attempt}")


def _about(how: How, run: Run, why: str) -> Answer:
    return Answer(how=how, why=why, run_id=run.run_id, attempt=run.attempt)


def _named(run: Run) -> str:
    """Name a run, and say what keeps it if it is not its work."""
    if run.status is Status.DIRTY:
        return f"{run.run_id} (dirty: its temporary database or secret could not be removed yet)"
    return f"{run.run_id} (failed, and still being removed)" if run.failed_at else run.run_id
