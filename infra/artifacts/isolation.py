"""Python with nothing on its path but the standard library and one folder: as a function finds itself."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.artifacts.closure import BuildError

_SECONDS = (
    "import json, sys, time; sys.path.append(sys.argv[1]); t = time.perf_counter(); {code};"
    " print(time.perf_counter() - t)"
)
_BASELINE = "import boto3; boto3.client('sqs', region_name='eu-west-3')"
_CLIENTS = "import boto3; [boto3.client(api, region_name='eu-west-3') for api in json.loads(sys.argv[2])]"


def run_isolated(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the interpreter with these arguments; it sees no variable, user folder or installed package.

    Nor does it write bytecode: a function's own folder is read-only, and so is the worker's.
    """
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.defpath, **environment},
        check=False,
    )


def seconds_of(folder: Path, code: str, *words: str) -> float:
    """Run code with only this folder on the path and return how long it took."""
    done = run_isolated(folder, "-c", _SECONDS.format(code=code), str(folder), *words)
    if done.returncode:
        raise BuildError(f"what was built does not run by itself: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)


def check_clients(folder: Path, apis: Sequence[str]) -> None:
    """Make a client of every API that the part calls: what was pruned was not needed."""
    seconds_of(folder, _CLIENTS, json.dumps(list(apis)))


def cold_import(folder: Path, module: str) -> tuple[float, float]:
    """Return how long an import takes, and its ratio to boto3 with one client; the best of three."""
    pairs = [(seconds_of(folder, f"import {module}"), seconds_of(folder, _BASELINE)) for _ in range(3)]
    return min(ours for ours, _ in pairs), min(ours / theirs for ours, theirs in pairs)
