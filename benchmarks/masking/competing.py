"""The peers, each in its own way: an environment of their own, their own settings, a part of the rows."""

import os
import subprocess
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.masking.server import MASTER, Server
from local.engines.served import HOST

ROOT = Path(__file__).parent.parent.parent
LOCK = ROOT / "requirements-bench.lock"
SETTINGS = Path(__file__).with_name("peers")
ENVIRONMENT = ROOT / "build" / "bench"
PATIENCE = 1800.0


class PeerError(Exception):
    """A peer could not be installed or did not end; the message is its own last line."""


@dataclass(frozen=True)
class Programs:
    """Where the peers are installed."""

    folder: Path

    @classmethod
    def installed(cls) -> "Programs":
        """Install the locked peers unless that is done. Raises PeerError."""
        stamp = ENVIRONMENT / "installed"
        if not stamp.exists() or stamp.read_text() != LOCK.read_text():
            venv.create(ENVIRONMENT, with_pip=True, clear=True)
            python = ENVIRONMENT / "bin" / "python"
            _run(
                [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                 "--no-deps", "--require-hashes", "-r", str(LOCK)],
            )  # fmt: skip
            stamp.write_text(LOCK.read_text())
        return cls(ENVIRONMENT / "bin")

    def pynonymizer(self, server: Server, database: str, tables: tuple[str, ...]) -> float:
        """Run it with the settings of some tables; return seconds."""
        settings = yaml.safe_load((SETTINGS / "pynonymizer.yml").read_text())
        settings["tables"] = {name: settings["tables"][name] for name in tables}
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            yaml.safe_dump(settings, file, allow_unicode=True)
            file.flush()
            return _timed(
                [str(self.folder / "pynonymizer"), "-s", file.name, "-t", "postgres", "-d", HOST,
                 "-P", str(server.port), "-n", database, "-u", MASTER, "-p", server.password,
                 "--only-step", "ANONYMIZE_DB"],
                path=server.placement.binaries,
            )  # fmt: skip

    def pganonymize(self, server: Server, database: str) -> float:
        """Run it on all tables; return seconds."""
        return _timed(
            [str(self.folder / "pganonymize"), "--schema", str(SETTINGS / "pganonymize.yml"), "--host", HOST,
             "--port", str(server.port), "--dbname", database, "--user", MASTER,
             "--password", server.password],
        )  # fmt: skip

    def faker(self, server: Server, database: str, mode: str, customers: int) -> float:
        """Run the script on the first customers and what belongs to them; return seconds."""
        script = str(SETTINGS / "faker_script.py")
        return _timed([str(self.folder / "python"), script, server.conninfo(database), mode, str(customers)])


def _timed(command: list[str], path: Path | None = None) -> float:
    began = time.monotonic()
    _run(command, path)
    return time.monotonic() - began


def _run(command: list[str], path: Path | None = None) -> None:
    environment = dict(os.environ)
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, env=environment)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip() or error.stdout.decode(errors="replace").strip()
        raise PeerError((said.splitlines() or [f"exit code {error.returncode}"])[-1][:300]) from error
    except (subprocess.TimeoutExpired, OSError) as error:
        raise PeerError(f"{Path(command[0]).name}: {error}"[:300]) from error
