"""Includes: several files read as one policy, merged before anything in them is understood.

A file is later than the files that it includes, and of those the last is the latest. What two files say of
the same thing is a problem, unless the later one says `override`. Tables and their columns are merged one by
one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath

import yaml

from services.anonymize.worker.policy.model import Absent
from services.anonymize.worker.policy.nodes import Nodes, compose, place_of
from services.anonymize.worker.policy.patterns import is_pattern, table_of
from services.anonymize.worker.policy.problems import PolicyError, Problem, did_you_mean
from shared.bundle import MAX_BYTES, POLICY_FILE

Beside = Callable[[str], bytes | None]  # a file's content by its name, None where there is none
Path = tuple[str, ...]

LISTS = frozenset({"defaults", "before", "after"})  # put one behind the other
ABSENT = "absent"


@dataclass
class _File:
    """One file with everything that it includes."""

    root: yaml.MappingNode
    override: bool | tuple[str, ...] = False
    override_node: yaml.Node | None = None
    used: set[str] = field(default_factory=set)

    def may_replace(self, label: str) -> bool:
        """Whether it says that it replaces what an earlier file says of something."""
        if isinstance(self.override, bool):
            return self.override
        self.used.add(label)
        return label in self.override


class Including(Nodes):
    """Reads a policy's files and remembers which."""

    def __init__(self, beside: Beside) -> None:
        super().__init__()
        self.beside = beside
        self.names: list[str] = []
        self.absent: list[Absent] = []
        self._bytes = 0
        self._files: list[_File] = []
        self._replacing: set[int] = set()  # nodes that stand where an earlier file's did

    def read(self, text: str, name: str) -> yaml.MappingNode:
        """Return the policy's nodes, all files merged. Raises PolicyError."""
        folder = PurePosixPath(name).parent
        merged = self._file(text, name, folder, (name,)).root
        self._without_absent(merged)
        for file in self._files:
            self._say_unused(file)
        if self.problems:
            raise PolicyError(self.problems)
        return merged

    def _file(self, text: str, name: str, folder: PurePosixPath, via: Path) -> _File:
        root = compose(text, name)
        if not isinstance(root, yaml.MappingNode):
            raise PolicyError([Problem(place_of(root), "the policy must be a mapping of names")])
        own = _mapping(root, [pair for pair in root.value if _key(pair[0]) not in {"include", "override"}])
        keys: dict[str, yaml.Node] = {}
        for key, value in root.value:
            if _key(key) in {"include", "override"} and _key(key) in keys:
                self.complain(key, f"{_key(key)} stands twice in the policy; keep one")
            keys[_key(key)] = value
        read = _File(own, *self._override(keys.get("override")))
        self._files.append(read)
        merged: yaml.MappingNode | None = None
        for node in self.items(keys["include"], "include") if "include" in keys else ():
            included = self._included(node, folder, via)
            if included is not None:
                merged = included.root if merged is None else self._over(merged, included.root, included)
        if merged is not None:
            read.root = self._over(merged, own, read)
        return read

    def _say_unused(self, file: _File) -> None:
        """Complain of what a file says that it replaces and does not, in any file included before it."""
        if isinstance(file.override, tuple) and file.override_node is not None:
            for label in file.override:
                if label not in file.used:
                    hint = did_you_mean(label, file.used)
                    self.complain(
                        file.override_node, f"override: {label} replaces nothing{hint}; leave it out"
                    )

    def _included(self, node: yaml.Node, folder: PurePosixPath, via: Path) -> _File | None:
        file = self.file(node, "include")
        if not file:
            return None
        name = str(folder / file)
        if name in via:
            self.complain(node, f"include: {' includes '.join([*via, name])}, which has no end")
        elif file == POLICY_FILE:
            self.complain(node, f"include: {file} is what the policy itself is called; give it another name")
        elif file not in self.names:
            content = self.beside(file)
            self._bytes += len(content or b"")
            if content is None:
                self.complain(node, f"include: {file} does not lie beside the policy")
            elif self._bytes > MAX_BYTES:
                self.complain(node, f"include: with {file} the policy has more than {MAX_BYTES} bytes")
            else:
                self.names.append(file)
                return self._decoded(content, node, name, folder, via)
        return None

    def _decoded(
        self, content: bytes, node: yaml.Node, name: str, folder: PurePosixPath, via: Path
    ) -> _File | None:
        try:
            return self._file(content.decode(), name, folder, (*via, name))
        except UnicodeDecodeError:
            self.complain(node, f"include: {name} is no UTF-8 text")
        except PolicyError as error:
            self.problems += error.problems
        return None

    def _override(self, node: yaml.Node | None) -> tuple[bool | tuple[str, ...], yaml.Node | None]:
        match node:
            case None:
                return False, None
            case yaml.ScalarNode(tag="tag:yaml.org,2002:bool"):
                return node.value.lower() in {"true", "yes", "on"}, node
            case yaml.SequenceNode():
                words = self.words(node, "override")
                return tuple(word.removeprefix("public.") for word in words), node
        self.complain(node, "override must be true, or a list of what is replaced, like [customers.email]")
        return True, None

    def _over(
        self, earlier: yaml.MappingNode, later: yaml.MappingNode, by: _File, path: Path = ()
    ) -> yaml.MappingNode:
        """Merge one mapping over another."""
        pairs = list(earlier.value)
        places = {_known_as(key, path): place for place, (key, _) in enumerate(pairs)}
        taken: set[str] = set()
        for key, value in later.value:
            name = _known_as(key, path)
            if name not in places or name in taken:  # what stands twice in one file is told when it is read
                pairs.append((key, value))
                continue
            taken.add(name)
            place = places[name]
            pairs[place] = self._one_over(pairs[place], (key, value), by, (*path, name))
        return _mapping(later if later.value else earlier, pairs)

    def _one_over(
        self, old: tuple[yaml.Node, yaml.Node], new: tuple[yaml.Node, yaml.Node], by: _File, path: Path
    ) -> tuple[yaml.Node, yaml.Node]:
        before, after = old[1], new[1]
        if path == ("version",):
            if before.value != after.value:
                self.complain(before, f"version must be the same as at {place_of(after)}")
            return new
        if isinstance(before, yaml.MappingNode) and isinstance(after, yaml.MappingNode) and _merges(path):
            return new[0], self._over(before, after, by, path)
        both_lists = isinstance(before, yaml.SequenceNode) and isinstance(after, yaml.SequenceNode)
        if both_lists and path[0] in LISTS and len(path) == 1:
            first, second = (after, before) if path[0] == "defaults" else (before, after)
            listed = [*first.value, *second.value]
            return new[0], yaml.SequenceNode(after.tag, listed, after.start_mark, after.end_mark)
        label = _label(path)
        self._replacing.add(id(after))
        if not by.may_replace(label):
            said = f"{label} is said at {place_of(before)} already"
            self.complain(after, f"{said}; write override: [{label}] here to replace it")
        return new

    def _without_absent(self, root: yaml.MappingNode) -> None:
        """Take out tables and columns that a later file says are absent."""
        for key, value in root.value:
            if _key(key) == "tables" and isinstance(value, yaml.MappingNode):
                value.value = self._present(value.value, lambda name: (name, None))
                for name, table in value.value:
                    for part, columns in table.value if isinstance(table, yaml.MappingNode) else ():
                        if _key(part) == "columns" and isinstance(columns, yaml.MappingNode):
                            of_table = partial(_column_of, _key(name))
                            columns.value = self._present(columns.value, of_table)

    def _present(
        self, pairs: list[tuple[yaml.Node, yaml.Node]], cell: Callable[[str], tuple[str, str | None]]
    ) -> list[tuple[yaml.Node, yaml.Node]]:
        kept = []
        for key, value in pairs:
            if not (isinstance(value, yaml.ScalarNode) and value.value == ABSENT):
                kept.append((key, value))
            elif id(value) not in self._replacing:
                self.complain(value, f"{_key(key)} is absent, but no included file names it; leave it out")
            else:
                table, column = cell(_key(key))
                if not is_pattern(table):
                    self.absent.append(Absent(table=table_of(table), column=column, at=place_of(value)))
        return kept


def _column_of(table: str, column: str) -> tuple[str, str | None]:
    return table, column


def _mapping(like: yaml.MappingNode, pairs: list[tuple[yaml.Node, yaml.Node]]) -> yaml.MappingNode:
    return yaml.MappingNode(like.tag, pairs, like.start_mark, like.end_mark)


def _key(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _known_as(node: yaml.Node, path: Path) -> str:
    """A key as it is told apart: `public.orders` and `orders` are one table."""
    return _key(node).removeprefix("public.") if path == ("tables",) else _key(node)


def _merges(path: Path) -> bool:
    """Whether mappings at a path are merged key by key instead of replaced."""
    match path:
        case (
            ("tables",) | ("tables", _) | ("tables", _, "columns") | ("quarantine",) | ("quarantine", "keep")
        ):
            return True
    return False


def _label(path: Path) -> str:
    """How `override` names what stands at a path."""
    if path[0] != "tables":
        return ".".join(path)
    return path[1] if len(path) < 4 else f"{path[1]}.{path[3]}"


def nothing_beside(_: str) -> bytes | None:
    """No file at all."""
    return None
