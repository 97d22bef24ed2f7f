"""The lock file, read: which version and which hashes of each distribution; and a part of it, written.

The parts name no index address: pip's own configuration says where distributions come from.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from infra.artifacts.closure import BuildError, closure_of
from infra.artifacts.parts import ROOT, WORKER

LOCK = ROOT / "requirements.lock"
WORKER_LOCK = ROOT / "infra/worker/requirements.lock"
_ENTRY = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>.*?\S)(?=\s+--hash))?"
)
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """One distribution of a lock file."""

    name: str
    version: str
    marker: str | None
    hashes: tuple[str, ...]

    def lines(self, marked: bool = True) -> str:
        """Write it as pip reads it; without its marker for a platform that pip does not run on."""
        marker = f" ; {self.marker}" if marked and self.marker else ""
        return " \\\n    ".join(
            [f"{self.name}=={self.version}{marker}", *(f"--hash={one}" for one in self.hashes)]
        )


def read_lock(path: Path = LOCK) -> dict[str, Locked]:
    """Read a lock file. Raises BuildError where it holds anything but distributions with hashes."""
    locked = {}
    text = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("#"))
    for entry in text.replace("\\\n", " ").splitlines():
        if not entry.strip():
            continue
        match, hashes = _ENTRY.match(entry), tuple(_HASH.findall(entry))
        if match is None or not hashes:
            raise BuildError(
                f"{path.name}: {entry.strip()[:60]!r} names no version with hashes; renew it with `make lock`"
            )
        locked[match["name"]] = Locked(match["name"], match["version"], match["marker"], hashes)
    return locked


def part_of_lock(names: Collection[str], path: Path = LOCK) -> list[Locked]:
    """Return these distributions in the order of their names. Raises BuildError if one is not locked."""
    locked = read_lock(path)
    if missing := sorted(set(names) - set(locked)):
        raise BuildError(
            f"{path.name} does not hold {', '.join(missing)}; add it to pyproject.toml, then `make lock`"
        )
    return [locked[name] for name in sorted(names)]


def worker_lock() -> str:
    """Write the part of the lock that the worker's image installs."""
    head = "# The worker's part of requirements.lock; renewed by: python -m infra.artifacts --worker-lock\n"
    return head + "".join(f"{one.lines()}\n" for one in part_of_lock(closure_of(WORKER).distributions))
