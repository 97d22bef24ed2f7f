"""`snapveil chaos`: the demo with everything going wrong on the way, and the same database in the end."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from cli.databases import fingerprints
from cli.demo import DEFAULT_ENGINES, kind_of, material_of, of_the_shop
from cli.exits import FAILED, FINE, InputError
from cli.folders import run_folder
from cli.loop import Material, Outcome, run_loop
from cli.summary import failure
from cli.view import Screen, open_console, screen
from cli.watch import RunView
from local.cloud import Cloud
from local.mischief import lost_between_accounts, throttled
from shared.events import RefreshRequested, dump

SOURCE = "shop"
LOOK = f"refresh-{SOURCE}"  # development's hourly schedule
MASK_KEY = "snapveil-mask-key-chaos"
POISON = RefreshRequested(source="shpo", requested_by="somebody in a hurry")
RESTORES = ("RestoreDBInstanceFromDBSnapshot", "RestoreDBClusterFromSnapshot")
SMALLEST = 2_000
THROTTLED_TIMES = 6  # more than boto3's own retries of one call
DOUBLED = {"DatabaseRestored": "anonymize", "DatabaseAnonymized": "snapshot"}
PATIENCE_SECONDS = 3.0  # before somebody looks where a lost event has gone


@click.command("chaos")
@of_the_shop
def command(size: int, source: str | None, engine: str | None, directory: Path) -> int:
    """Run the demo twice under one mask key: once plainly, once with everything going wrong.

    On the second way the worker is killed, messages come twice, RDS throttles, an event is lost between the
    accounts, and somebody sends a poison message, which is replayed from the dead letters. The two
    development databases must be the same, row by row, and nothing may be left. Exit code 1: they are not, or
    something is.
    """
    if size < SMALLEST:
        raise InputError(f"--size {size}: the worker would be done before it is killed; at least {SMALLEST}")
    kind = kind_of(source, engine)
    key = secrets.token_hex(32)
    material = _under(key, material_of(size, kind, engine or DEFAULT_ENGINES[kind], keep=False))
    console = open_console()
    console.print("first as it should be:")
    with screen(console) as shown:
        plain = _play(material, directory, shown, None)
    if plain is None:
        return FAILED
    console.print("\nnow with trouble:")
    with screen(console) as shown:
        trouble = Trouble(shown.note)
        rough = _play(material, directory, shown, trouble)
    if rough is None:
        return FAILED
    return _compare(console, plain, rough, trouble)


def _under(key: str, material: Material) -> Material:
    """The same material with a mask key that both runs share, and its look at every row of the target."""
    policy = material.policy
    assert isinstance(policy, Mapping)  # noqa: S101 - the demo's is a bundle of files
    with_key = policy["policy.yaml"] + f"\nkey: {{secret: {MASK_KEY}}}\n".encode()
    return replace(
        material,
        policy={**policy, "policy.yaml": with_key},
        secrets={MASK_KEY: key},
        look=fingerprints,
    )


def _play(material: Material, directory: Path, shown: Screen, trouble: "Trouble | None") -> Outcome | None:
    with run_folder(directory.absolute(), "demo") as folder:
        outcome = run_loop(material, folder, shown, keep=False, companion=trouble)
    if outcome.result.status != "succeeded":
        for line in failure(outcome.result, folder.result, folder.path):
            click.echo(f"snapveil: {line}", err=True)
        return None
    return outcome


def _compare(console: Console, plain: Outcome, rough: Outcome, trouble: "Trouble") -> int:
    """Say what went wrong, and whether it made a difference."""
    console.print()
    missing = [what for what in Trouble.KINDS if what not in trouble.done]
    for what, words in trouble.done.items():
        console.print(f"  {what}: {words}", markup=False)
    before, after = plain.after, rough.after
    different = sorted(
        table for table in before.keys() | after.keys() if before.get(table) != after.get(table)
    )
    rows = sum(rough.result.target.rows.values()) if rough.result.target else 0
    if missing or different:
        click.echo(
            f"snapveil: did not happen: {', '.join(missing) or 'nothing'};"
            f" tables that differ: {', '.join(different) or 'none'}",
            err=True,
        )
        return FAILED
    console.print(
        f"\nchaos: {len(trouble.done)} kinds of trouble, the same development database as without:"
        f" {rows:,} rows in {len(after)} tables are identical, 0 leftovers"
    )
    return FINE


class Trouble:
    """The companion of the second run, who spoils it; `done` says what, by kind."""

    KINDS = ("throttled API", "poison message", "doubled messages", "killed worker", "lost event")

    def __init__(self, say: Callable[[str], None]) -> None:
        self.done: dict[str, str] = {}
        self._say = say
        self._open = ExitStack()
        self._refused: list[Counter[str]] = []
        self._lost: Counter[str] = Counter()
        self._doubled: set[str] = set()
        self._shared_since: float | None = None
        self._replayed = False

    def begins(self, cloud: Cloud) -> None:
        """Spoil the roads, poison the queue, and send out somebody to kill the worker."""
        self._refused = [self._open.enter_context(throttled(name, THROTTLED_TIMES)) for name in RESTORES]
        self._lost = self._open.enter_context(lost_between_accounts("SnapshotShared"))
        cloud.send("restore", POISON)
        threading.Thread(target=self._kill, args=(cloud,), daemon=True).start()

    def expects(self, dead_letter: str) -> bool:
        """The poison's."""
        return POISON.source in dead_letter

    def sees(self, cloud: Cloud, view: RunView) -> None:
        """Double what was said so far, replay the poison, look where a lost event went."""
        for event in cloud.events:
            if event.channel == "topic" and event.type in DOUBLED and event.type not in self._doubled:
                self._doubled.add(event.type)
                cloud.send(DOUBLED[event.type], event.body)
                self._tell("doubled messages", ", ".join(sorted(self._doubled)))
        for operation, times in ((name, n) for refused in self._refused for name, n in refused.items()):
            self._tell("throttled API", f"{operation}, {times} times")
        if view.run is not None and not self._replayed:
            self._replay(cloud)
        if self._lost and "lost event" not in self.done:
            self._shared_since = self._shared_since or time.monotonic()
            if time.monotonic() - self._shared_since > PATIENCE_SECONDS:
                cloud.fire_schedule("development", LOOK)
                self._tell("lost event", "SnapshotShared, between the accounts; the hourly look found it")

    def ends(self, cloud: Cloud) -> None:
        """Repair the roads, and count what they did."""
        self._open.close()

    def _replay(self, cloud: Cloud) -> None:
        """Correct the poison and send it again, as an operator types it."""
        environment = cloud.accounts["production"].environment("operator")
        typed = ["dlq", "replay", "--reason", POISON.source, "--set", f"source={SOURCE}"]
        ended = subprocess.run(
            [sys.executable, "-m", "cli.main", *typed],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode == 0 and "no dead letter" not in ended.stdout:  # else it is not dead yet
            self._replayed = True
            self._tell("poison message", f"{dump(POISON)}, dead; then: snapveil {' '.join(typed)}")

    def _kill(self, cloud: Cloud) -> None:
        """Wait until the worker has masked a table, and kill it without a warning."""
        ledger = cloud.ledger("production")
        while "killed worker" not in self.done:
            time.sleep(0.01)
            for run in ledger.runs():
                progress = ledger.progress(run.run_id)
                if progress is None or progress.step != "masking" or not progress.tables_done:
                    continue
                for pid in cloud.tasks.pids():
                    os.killpg(pid, signal.SIGKILL)
                    done, total = progress.tables_done, progress.tables_total
                    self._tell("killed worker", f"SIGKILL after {done} of {total} tables")

    def _tell(self, what: str, words: str) -> None:
        if what not in self.done:
            self._say(f"{what}: {words}")
        self.done[what] = words
