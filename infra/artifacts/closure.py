"""What a part imports: its own files, the distributions of others, and the AWS APIs that it calls.

Found, not listed: the part is imported in a process of its own, then what its files import only when it
is needed. A new import is in the next zip without anybody thinking of it.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from infra.artifacts.parts import ROOT, Part

OWN = ("services", "shared")
# Taken by others where it is there, and not needed: PyMySQL encrypts passwords with cryptography (5 MB) on
# connections that are not encrypted themselves, which nothing of ours makes.
ABSENT = ("cryptography",)
_LOOK = """
import importlib, json, sys
modules, clients, absent = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(absent))
for name in modules:
    importlib.import_module(name)
if clients:
    import boto3
    for name in clients:
        boto3.client(name, region_name="eu-west-3")
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
print(json.dumps({name: file for name, file in files.items() if file}))
"""


class BuildError(Exception):
    """Something cannot be built; the text says why and what to do."""


@dataclass(frozen=True)
class Closure:
    """All that one part needs at run time."""

    files: tuple[str, ...]  # own ones, relative to the repository
    modules: tuple[str, ...]  # of others, that own files import only when they need them
    distributions: tuple[str, ...]  # normalized names, as in requirements.lock
    apis: tuple[str, ...]  # as boto3 names them


@cache
def closure_of(part: Part) -> Closure:
    """Find what a part needs."""
    wanted, late, apis = {part.module}, set[str](), set[str]()
    while True:
        loaded = _import(sorted(wanted | late), sorted(apis))
        files = {_own(path) for path in loaded.values()} - {None}
        seen = [_read(str(file)) for file in sorted(map(str, files))]
        more, called = (
            {name for found, _ in seen for name in found},
            {name for _, found in seen for name in found},
        )
        if more <= late and called <= apis:
            break
        late, apis = late | more, apis | called
    top = {name.partition(".")[0] for name in loaded}
    named = metadata.packages_distributions()
    found = {normalized(name) for module in top if module not in OWN for name in named.get(module, ())}
    return Closure(
        files=tuple(sorted({str(file) for file in files} | set(part.files))),
        modules=tuple(sorted(name for name in late if name.partition(".")[0] not in OWN)),
        distributions=tuple(sorted(found - {"snapveil", "setuptools"})),  # the two of an editable install
        apis=tuple(sorted(apis)),
    )


def normalized(name: str) -> str:
    """Write a distribution's name as lock files do."""
    return name.lower().replace("_", "-").replace(".", "-")


def _import(modules: list[str], clients: list[str]) -> dict[str, str]:
    finished = subprocess.run(
        [sys.executable, "-c", _LOOK, json.dumps([modules, clients, ABSENT])],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if finished.returncode:
        raise BuildError(f"{modules[0]} cannot be imported: {finished.stderr.strip().splitlines()[-1]}")
    loaded: dict[str, str] = json.loads(finished.stdout)
    return loaded


def _own(path: str) -> str | None:
    file = Path(path)
    if not file.is_relative_to(ROOT):
        return None
    relative = file.relative_to(ROOT)
    return relative.as_posix() if relative.parts[0] in OWN else None


@cache
def _read(file: str) -> tuple[frozenset[str], frozenset[str]]:
    """Read from one own file what it imports inside functions, and for which APIs it makes clients."""
    tree = ast.parse((ROOT / file).read_text(), file)
    late = {
        name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        for name in _imported(node)
    }
    return frozenset(late), frozenset(_clients(tree, file))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        parts = [f"{node.module}.{name.name}" for name in node.names]
        yield from (part for part in parts if (ROOT / f"{part.replace('.', '/')}.py").exists())


def _clients(tree: ast.AST, file: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "client":
            match node.args:
                case [ast.Constant(value=str(api))]:
                    yield api
                case _:
                    raise BuildError(
                        f"{file}:{node.lineno}: client(…) must name its API as text: a zip holds only these"
                    )
