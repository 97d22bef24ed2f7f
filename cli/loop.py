"""One run of the whole loop: make a source, fire the schedule, and watch the services do the rest."""

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pymysql

from cli.databases import count_rows, url_of
from cli.dead_letters import DeadLetters
from cli.exits import RunFailedError
from cli.folders import Kept, RunFolder
from cli.result import DatabaseFacts, Leftovers, Result, events_of, leftovers_of, stage_times
from cli.source import NewSource, SourceError, back_up, create_source
from cli.view import Screen
from cli.watch import Reader, RunView, StalledError, watch
from local.cloud import Cloud
from local.copying.copying import CopyError
from local.documents import LocalSource, target_of
from local.engines import BothFamilies, EngineError
from local.rds import Timings
from shared import names
from shared.database.port import Kind
from shared.ledger import now
from shared.records import Verification

PATIENCE_SECONDS = 180.0  # without any change; the stages' own deadlines are for real clouds
QUIET_SECONDS = 10.0


@dataclass(frozen=True)
class Filling:
    """An empty database, ready to be filled: for its master user, and for RDS's own administrator."""

    url: str
    admin_dsn: str
    master: str
    password: str
    say: Callable[[str], None]
    note: Callable[[str], None]


@dataclass(frozen=True)
class Material:
    """What a run is made of. `fill` fills the source; `look` reads what to show, from source and target.

    `rds_database` is what RDS itself creates; where it is None, `fill` makes `database`.
    """

    source: str
    kind: Kind
    engine: str
    identifier: str
    database: str
    rds_database: str | None
    master: str
    policy: Path | Mapping[str, bytes]
    fill: Callable[[Filling], None]
    look: Callable[[str], Any]
    shown_source: str | None = (
        None  # the record's address of the source, where it is not the one in the cloud
    )
    secrets: Mapping[str, str] = field(default_factory=dict)  # of production, by name
    bytes_at_most: int | None = None  # of the database, where that is known and it may lie in memory


class Companion(Protocol):
    """Somebody who is there while a run happens."""

    def begins(self, cloud: Cloud) -> None:
        """The source is filled and backed up; the schedule is about to fire."""

    def sees(self, cloud: Cloud, view: RunView) -> None:
        """The run stands like this."""

    def ends(self, cloud: Cloud) -> None:
        """Nothing more is expected to happen."""

    def expects(self, dead_letter: str) -> bool:
        """Whether a dead letter's reason is his doing, and no failure of the run."""


class Nobody:
    """A companion who only watches."""

    def begins(self, cloud: Cloud) -> None:
        """Do nothing."""

    def sees(self, cloud: Cloud, view: RunView) -> None:
        """Do nothing."""

    def ends(self, cloud: Cloud) -> None:
        """Do nothing."""

    def expects(self, dead_letter: str) -> bool:
        """Nothing is expected."""
        return False


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and what `look` saw before and after; `after` is None if no target answers."""

    result: Result
    before: Any
    after: Any


def run_loop(
    material: Material, folder: RunFolder, screen: Screen, *, keep: bool, companion: Companion | None = None
) -> Outcome:
    """Run the loop to its end and write its record. Raises RunFailedError where no run came to be."""
    began = now()
    try:
        with _log_in(folder), _open_cloud(material, folder, screen) as cloud:
            return _Loop(cloud, material, folder, screen, began, companion or Nobody()).run(keep)
    except (
        EngineError,
        psycopg.Error,
        pymysql.Error,
        CopyError,
        SourceError,
        StalledError,
        TimeoutError,
    ) as error:
        why = f"{' '.join(str(error).split())} (logs: {folder.path})"
        failed = Result(
            kind=folder.kind, run_id=None, status="failed", reason=why, started=began, seconds=_since(began)
        )
        folder.write_result(failed.written())
        raise RunFailedError(why) from error


@contextmanager
def _log_in(folder: RunFolder) -> Iterator[None]:
    """Write what the embedded cloud warns of to a file: the screen is for the run."""
    to_file = logging.FileHandler(folder.path / "cloud.log", delay=True)
    to_file.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    to_file.setLevel(logging.WARNING)
    logging.getLogger().addHandler(to_file)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(to_file)
        to_file.close()


@contextmanager
def _open_cloud(material: Material, folder: RunFolder, screen: Screen) -> Iterator[Cloud]:
    source = LocalSource(database=material.identifier, policy=material.policy, kind=material.kind)
    with screen.step("cloud", "starting two AWS accounts on this machine") as say:
        engines = BothFamilies(folder.path / "engines", material.bytes_at_most)
        engines.set_up(material.engine)
        # Meanwhile the other core makes the engines' template; if it cannot, the first database says why.
        preparing = ThreadPoolExecutor(max_workers=1)
        preparing.submit(engines.prepare, material.engine)
        opened = Cloud(
            folder.path / "cloud",
            {material.source: source},
            engines=engines,
            timings=Timings.fast(),
            second=0.1,
        )
        cloud = opened.__enter__()
        say(f"two AWS accounts at {cloud.endpoint_url}")
    try:
        yield cloud
    finally:
        preparing.shutdown()
        cloud.close()


class _Loop:
    """The steps of one run, in order."""

    def __init__(
        self,
        cloud: Cloud,
        material: Material,
        folder: RunFolder,
        screen: Screen,
        began: datetime,
        companion: Companion,
    ) -> None:
        self._cloud = cloud
        self._material = material
        self._folder = folder
        self._screen = screen
        self._began = began
        self._companion = companion
        self._ledger = cloud.ledger("production")

    def run(self, keep: bool) -> Outcome:
        """Do everything."""
        source, before = self._prepare()
        self._companion.begins(self._cloud)
        self._cloud.fire_schedule("production", f"refresh-{self._material.source}")
        view, stalled = self._watch()
        self._companion.ends(self._cloud)
        leftovers = self._wait_for_quiet()
        target, after = self._target(view)
        result = self._result(view, source, target, leftovers, stalled)
        if keep and target is not None:
            result = self._leave_running(result)
        self._folder.write_result(result.written())
        return Outcome(result, before, after)

    def _prepare(self) -> tuple[DatabaseFacts, Any]:
        """Make and fill the source, and back it up as RDS does every night."""
        material = self._material
        account = self._cloud.accounts["production"].number
        with self._screen.step("source", f"creating {material.identifier}") as say:
            password = secrets.token_hex(12)
            new = NewSource(
                material.kind,
                material.engine,
                material.identifier,
                material.rds_database,
                material.master,
                password,
            )
            host, port = create_source(self._cloud, new)
            url = url_of(material.engine, host, port, material.master, password, material.database)
            admin_dsn = self._cloud.rds.admin_dsn(account, material.identifier, material.database)
            material.fill(Filling(url, admin_dsn, material.master, password, say, self._screen.note))
            source = self._facts("production", material.identifier, url)
            say(f"{material.identifier}: {sum(source.rows.values()):,} rows in {len(source.rows)} tables")
        for name, content in material.secrets.items():
            self._cloud.client("production", "secretsmanager").create_secret(Name=name, SecretString=content)
        before = material.look(url)
        with self._screen.step("backup", "taking the automated snapshot") as say:
            say(back_up(self._cloud, material.kind, material.identifier))
        return source, before

    def _watch(self) -> tuple[RunView, str | None]:
        """Show the run until it is over; the text says why nothing more is to be expected, if that is so."""
        development, letters = self._cloud.ledger("development"), DeadLetters(self._cloud)
        seen: list[RunView] = []

        def unexpected() -> tuple[str, ...]:
            return tuple(letter for letter in letters() if not self._companion.expects(letter))

        look = Reader(self._ledger, development, self._material.source, unexpected)
        try:
            for view in watch(look, PATIENCE_SECONDS):
                self._screen.show(view)
                self._companion.sees(self._cloud, view)
                seen[:] = [view]
        except StalledError as error:
            return seen[0], str(error)
        return seen[0], None

    def _wait_for_quiet(self) -> Leftovers:
        """Give the last messages a moment to be acknowledged; what is there then was left."""
        until = time.monotonic() + QUIET_SECONDS
        while not (found := self._cloud.leftovers()).empty and time.monotonic() < until:
            time.sleep(0.1)
        return leftovers_of(found)

    def _target(self, view: RunView) -> tuple[DatabaseFacts | None, Any]:
        """Ask the development database whether it answers, with the credentials that developers have."""
        if not view.succeeded:
            return None, None
        name = target_of(self._material.source)
        secretsmanager = self._cloud.client("development", "secretsmanager")
        content = secretsmanager.get_secret_value(SecretId=names.master_secret(name))["SecretString"]
        login = json.loads(content)
        where = login["host"], login["port"], login["username"], login["password"]
        url = url_of(self._material.engine, *where, self._material.database)
        return self._facts("development", name, url), self._material.look(url)

    def _facts(self, account: str, identifier: str, url: str) -> DatabaseFacts:
        number = self._cloud.accounts[account].number
        found = {database.identifier: database for database in self._cloud.rds.databases(number)}
        directory = found[identifier].data_directory
        return DatabaseFacts(
            dsn=url,
            data_directory=str(directory) if directory else None,
            rows=count_rows(url),
            running=False,
        )

    def _result(
        self,
        view: RunView,
        source: DatabaseFacts,
        target: DatabaseFacts | None,
        leftovers: Leftovers,
        stalled: str | None,
    ) -> Result:
        run, shown = view.run, self._material.shown_source
        found = self._ledger.verification(run.run_id, run.resource_id) if run and run.resource_id else None
        reason = view.failure or stalled or unproven(target, found, leftovers)
        return Result(
            kind=self._folder.kind,
            run_id=run.run_id if run else None,
            status="failed" if reason else "succeeded",
            reason=reason,
            started=self._began,
            seconds=_since(self._began),
            stages=stage_times(view),
            events=events_of(self._cloud.events),
            source=source.model_copy(update={"dsn": shown, "data_directory": None}) if shown else source,
            target=target,
            verification=found,
            leftovers=leftovers,
        )

    def _leave_running(self, result: Result) -> Result:
        """Leave to the operating system the engines that somebody will want to look at."""
        parts: dict[str, DatabaseFacts | None] = {"target": result.target}
        if self._material.shown_source is None:  # it is nobody's own data, and the two can be compared
            parts["source"] = result.source
        identifiers = {
            "target": ("development", target_of(self._material.source)),
            "source": ("production", self._material.identifier),
        }
        kept = [self._detach(*identifiers[part], facts.dsn) for part, facts in parts.items() if facts]
        self._folder.keep(kept)
        running = {part: facts.model_copy(update={"running": True}) for part, facts in parts.items() if facts}
        return result.model_copy(update={**running, "kept": True})

    def _detach(self, account: str, identifier: str, dsn: str) -> Kept:
        endpoint = self._cloud.rds.detach(self._cloud.accounts[account].number, identifier)
        return Kept(
            what=identifier,
            dsn=dsn,
            host=endpoint.host,
            port=endpoint.port,
            data_directory=str(endpoint.data_directory) if endpoint.data_directory else None,
            pid=endpoint.pid,
            belongings=tuple(str(path) for path in endpoint.belongings),
        )


def unproven(
    target: DatabaseFacts | None, verification: Verification | None, leftovers: Leftovers
) -> str | None:
    """Say what a run that calls itself a success does not prove; None if it proves everything."""
    if target is None:
        return "the development database does not answer"
    if verification is None or not verification.passed:
        return "the ledger holds no verification that passed"
    if leftovers.names:
        return f"left over: {', '.join(leftovers.names)}"
    return None


def _since(began: datetime) -> float:
    return round((now() - began).total_seconds(), 3)
