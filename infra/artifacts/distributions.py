"""Distributions of others, laid into a folder: from this machine's own, or by pip for another platform."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

from infra.artifacts.closure import BuildError
from infra.artifacts.lock import part_of_lock


@dataclass(frozen=True)
class Platform:
    """For which machine pip takes wheels: newest tag first, as pip wants them."""

    python: str
    tags: tuple[str, ...]


# Lambda's python3.13 stands on Amazon Linux 2023, whose glibc is 2.34.
LAMBDA = Platform("3.13", ("manylinux_2_34_aarch64", "manylinux_2_28_aarch64", "manylinux2014_aarch64"))


def from_this_machine(names: Collection[str], folder: Path) -> None:
    """Copy installed distributions; no network. Raises BuildError if one is missing or not the locked one."""
    for locked in part_of_lock(names):
        try:
            found = metadata.distribution(locked.name)
        except metadata.PackageNotFoundError:
            raise BuildError(f"{locked.name} is not installed; run `make setup`") from None
        if found.version != locked.version:
            raise BuildError(
                f"{locked.name} {found.version} is installed, {locked.version} is locked; run `make setup`"
            )
        for file in found.files or ():
            if ".." not in file.parts and ".pyc" not in file.suffixes:
                _copy(Path(str(file.locate())), folder / file)


def from_the_index(names: Collection[str], folder: Path, platform: Platform = LAMBDA) -> None:
    """Let pip fetch the locked wheels of another platform; every file is checked against its hash."""
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch, "requirements.txt")
        # pip would judge the markers by the machine that it runs on, not by the one that it fetches for.
        wanted.write_text("".join(f"{locked.lines(marked=False)}\n" for locked in part_of_lock(names)))
        command = [
            *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"),
            *("--requirement", str(wanted), "--require-hashes", "--no-deps", "--no-compile"),
            *("--only-binary", ":all:", "--implementation", "cp", "--python-version", platform.python),
            *(word for tag in platform.tags for word in ("--platform", tag)),
            *("--target", str(folder)),
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=os.environ | {"PIP_ROOT_USER_ACTION": "ignore"},
            check=False,
        )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise BuildError(
            f"pip could not fetch the wheels for Lambda: {said[-1] if said else 'it said nothing'}"
        )
    shutil.rmtree(folder / "bin", ignore_errors=True)  # commands, which no function runs


_DATA = ("endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json")
_NEVER = {"__pycache__", "tests", "swagger_ui", "emscripten"}


def is_needed(file: PurePosixPath, apis: Collection[str]) -> bool:
    """Tell whether a file of a distribution is needed at run time by a part that calls these APIs.

    Of `dist-info` the METADATA stay: psycopg reads its own version there, and so do scanners of zips.
    """
    if _NEVER.intersection(file.parts) or file.suffix in {".pyc", ".pyi", ".pyx", ".pxd"}:
        return False
    if file.parts[0].endswith(".dist-info"):
        return file.name == "METADATA"
    match file.parts:
        case ("botocore", "data", name):
            return name.removesuffix(".gz") in _DATA
        case ("botocore", "data", api, *_):
            return api in apis and not file.name.startswith("examples-")
        case ("boto3", "data" | "examples", *_):  # for resources, which nobody here uses
            return False
    return True


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
