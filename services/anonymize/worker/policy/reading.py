"""Reads policy.yaml and what it includes: YAML nodes in, frozen models out, every problem at its place."""

import re
from pathlib import Path
from typing import Any

import yaml

from services.anonymize.worker.policy.including import Beside, Including, nothing_beside
from services.anonymize.worker.policy.model import (
    LargeObjects,
    Leftovers,
    Policy,
    Quarantine,
    RunScript,
    Script,
    Step,
)
from services.anonymize.worker.policy.nodes import place_of
from services.anonymize.worker.policy.problems import Place, PolicyError, Problem
from services.anonymize.worker.policy.rules import RuleReader, Tables
from shared.bundle import MAX_BYTES

VERSION = 1
KEYS = (
    "version",
    "database",
    "script",
    "before",
    "after",
    "key",
    "large_objects",
    "leftovers",
    "quarantine",
    "defaults",
    "tables",
)  # and `include` and `override`, which are gone when files are merged
PER_RUN = "per_run"
KEY_PREFIX = "snapveil-mask-key-"
SECRET = re.compile(
    rf"(?:arn:aws[\w-]*:secretsmanager:[\w-]+:\d{{12}}:secret:)?{KEY_PREFIX}[\w/+=.@-]{{1,200}}"
)


def load_policy(text: str, name: str, beside: Beside = nothing_beside) -> Policy:
    """Read a policy; `name` is the file's name in messages, and `beside` returns the files that it includes.
    Raises PolicyError with all problems."""
    including = Including(beside)
    root = including.read(text, name)
    read = _Reader(name).policy(root)
    return read.model_copy(update={"includes": tuple(including.names), "absent": tuple(including.absent)})


def read_policy(file: Path) -> Policy:
    """Read a policy from a file, with those that it includes from its folder. Raises PolicyError, and OSError
    if the file itself cannot be read."""
    content = file.read_bytes()
    try:
        return load_policy(content.decode(), str(file), beside(file.parent))
    except UnicodeDecodeError:
        raise PolicyError([Problem(Place(str(file)), "the policy is no UTF-8 text")]) from None


def beside(folder: Path) -> Beside:
    """The files of a folder by name; what a link leads out of it is not there, nor is what is too large."""

    def content(name: str) -> bytes | None:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
        if not inside or not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        return path.read_bytes()

    return content


class _Reader(RuleReader):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def policy(self, root: yaml.Node) -> Policy:
        entries = self.entries(root, "the policy", known=KEYS)
        self.version(entries.get("version"), root)
        database = entries.get("database")
        tables = entries.get("tables")
        if tables is None and not self.problems:  # it may be there under another name
            self.complain(root, "tables is missing; name every table under it")
        found = self.all_tables(tables) if tables is not None else Tables({}, ())
        read: dict[str, Any] = {
            "file": self.name,
            "tables_at": place_of(tables or root),
            "database": self.word(database, "database") if database is not None else None,
            "database_at": place_of(database or root),
            "script": self.script(entries.get("script")),
            "before": self.steps(entries.get("before"), "before"),
            "after": self.steps(entries.get("after"), "after"),
            "key": self.key(entries.get("key")),
            "large_objects": self.large_objects(entries.get("large_objects")),
            "leftovers": self.leftovers(entries.get("leftovers")),
            "quarantine": self.quarantine(entries.get("quarantine")),
            "defaults": self.defaults(entries["defaults"]) if "defaults" in entries else (),
            "patterns": found.patterns,
            "tables": found.named,
        }
        if self.problems:
            raise PolicyError(self.problems)
        return Policy(**read)

    def version(self, node: yaml.Node | None, root: yaml.Node) -> None:
        if node is None:
            self.complain(root, f"version is missing; write version: {VERSION}")
        elif not isinstance(node, yaml.ScalarNode) or node.value != str(VERSION):
            self.complain(node, f"version must be {VERSION}; this Snapveil reads no other")

    def script(self, node: yaml.Node | None) -> Script | None:
        if node is None:
            return None
        entries = self.entries(node, "script", known=("file", "run"))
        if "file" not in entries:
            self.complain(node, "script.file is missing; name a file that lies beside the policy")
            return None
        file = self.file(entries["file"], "script.file")
        run = RunScript.BEFORE.value
        if "run" in entries:
            run = self.choice(entries["run"], "script.run", tuple(RunScript))
        return Script(file=file, run=RunScript(run), at=place_of(node))

    def steps(self, node: yaml.Node | None, when: str) -> tuple[Step, ...]:
        """Read the steps before or after the rules, each `sql` or a `script` beside the policy."""
        found = []
        for place, one in enumerate(self.items(node, when) if node is not None else (), start=1):
            where = f"{when} {place}"
            entries = self.entries(one, where, known=("sql", "script"))
            if len(entries) != 1:
                self.complain(one, f"{where}: write either sql: or script:")
            elif "sql" in entries:
                sql = self.word(entries["sql"], f"{where}: sql")
                found.append(Step(text=sql, is_file=False, at=place_of(entries["sql"])))
            else:
                file = self.file(entries["script"], f"{where}: script")
                found.append(Step(text=file, is_file=True, at=place_of(entries["script"])))
        return tuple(found)

    def key(self, node: yaml.Node | None) -> str | None:
        """Read where the mask key comes from: None is a key of the run's own."""
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value == PER_RUN):
            return None
        if not isinstance(node, yaml.MappingNode):
            self.complain(node, f"key must be {PER_RUN}, or {{secret: {KEY_PREFIX}…}}")
            return None
        entries = self.entries(node, "key", known=("secret",))
        if "secret" not in entries:
            self.complain(node, f"key.secret is missing; name a secret, or write key: {PER_RUN}")
            return None
        secret = self.word(entries["secret"], "key.secret")
        if secret and not SECRET.fullmatch(secret):
            said = f"the worker may read secrets only whose names begin with {KEY_PREFIX}"
            self.complain(entries["secret"], f"key.secret: {secret}: {said}")
        return secret

    def large_objects(self, node: yaml.Node | None) -> LargeObjects | None:
        return None if node is None else LargeObjects(self.choice(node, "large_objects", tuple(LargeObjects)))

    def leftovers(self, node: yaml.Node | None) -> Leftovers:
        return Leftovers.FAIL if node is None else Leftovers(self.choice(node, "leftovers", tuple(Leftovers)))

    def quarantine(self, node: yaml.Node | None) -> Quarantine:
        """Read what is kept: names or patterns of names under each kind."""
        if node is None:
            return Quarantine()
        kept = self.entries(node, "quarantine", known=("keep",)).get("keep")
        found = {} if kept is None else self.entries(kept, "quarantine.keep", known=Quarantine.KINDS)
        return Quarantine(keep={kind: self.names(names, kind) for kind, names in found.items()})

    def names(self, node: yaml.Node, kind: str) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            self.complain(node, f"quarantine.keep.{kind} must be a list of names, like [reporting, app_*]")
            return ()
        return tuple(self.word(name, f"quarantine.keep.{kind}") for name in node.value)
