"""A service's zip: its own files, the pruned distributions of others, and what can be said about it."""

import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from infra.artifacts.archive import write_zip
from infra.artifacts.closure import closure_of
from infra.artifacts.distributions import from_the_index, from_this_machine, is_needed
from infra.artifacts.isolation import check_clients, cold_import
from infra.artifacts.parts import BOUNDS, ROOT, Part


@dataclass(frozen=True)
class Built:
    """A finished zip."""

    part: Part
    path: Path
    digest: str
    zipped: int
    unzipped: int

    def too_large(self) -> list[str]:
        """Say which bound of size it breaks."""
        bounds = BOUNDS[self.part.name]
        sizes = (("zipped", self.zipped, bounds.zipped), ("unzipped", self.unzipped, bounds.unzipped))
        return [
            f"{self.path.name}: {what} {megabytes(size)}, above {megabytes(bound)} (infra/artifacts/parts.py)"
            for what, size, bound in sizes
            if size > bound
        ]


@dataclass(frozen=True)
class Cold:
    """How long a handler's import takes, from its unpacked zip and nothing else."""

    part: Part
    seconds: float
    ratio: float

    def too_slow(self) -> list[str]:
        """Say whether it breaks its bound."""
        bound = BOUNDS[self.part.name].cold_import
        if self.ratio <= bound:
            return []
        return [
            f"importing {self.part.module} takes {self.ratio:.2f} times as long as boto3 with one client,"
            f" and may take {bound} times (infra/artifacts/parts.py)"
        ]


def build(part: Part, out: Path, host: bool = False) -> Built:
    """Build one zip: for Lambda, or from this machine's own distributions for this machine."""
    closure = closure_of(part)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (from_this_machine if host else from_the_index)(closure.distributions, folder)
        files = {
            name.as_posix(): folder / name
            for name in (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
            if is_needed(PurePosixPath(name), closure.apis)
        }
        files |= {name: ROOT / name for name in closure.files}
        path = out / f"{part.name}.zip"
        digest = write_zip(path, files)
        return Built(
            part, path, digest, path.stat().st_size, sum(file.stat().st_size for file in files.values())
        )


def measure(built: Built) -> Cold:
    """Import the handler from an unpacked zip that was built for this machine, and make all its clients."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        zipfile.ZipFile(built.path).extractall(folder)
        check_clients(folder, closure_of(built.part).apis)
        return Cold(built.part, *cold_import(folder, built.part.module))


def measure_here(part: Part) -> Cold:
    """Build for this machine and measure that: wheels of another platform do not run on it."""
    scratch = Path(tempfile.mkdtemp())
    try:
        return measure(build(part, scratch, host=True))
    finally:
        shutil.rmtree(scratch)


def megabytes(size: int) -> str:
    """Write a size for people."""
    return f"{size / 1_000_000:.1f} MB"
