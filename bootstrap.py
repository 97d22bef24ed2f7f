"""Set up `.venv` with the locked dependencies and the `snapveil` command; does nothing if that is done.

Only the standard library, so that it runs on a fresh machine. A file lock lets two set-ups run at a time.
"""

import fcntl
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "snapveil-set-up"
INPUTS = ("requirements.lock", "pyproject.toml", "bootstrap.py")
LEAST = (3, 11)


def wanted() -> str:
    """Name the state that a finished set-up has: these inputs, this interpreter, this place."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {HERE}".encode())
    for name in INPUTS:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def pip(*arguments: str) -> None:
    """Run pip of the virtual environment; only its errors are shown."""
    subprocess.run(
        [PYTHON, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check", *arguments],
        cwd=HERE,
        check=True,
    )


def main() -> int:
    """Set up, if anything is missing; return the exit code."""
    if sys.version_info < LEAST:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Snapveil needs Python 3.11 or newer; {sys.executable} is {found}: make PYTHON=python3.12")
        return 2
    with (HERE / ".set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = wanted()
        if STAMP.exists() and STAMP.read_text() == state:
            return 0
        print("Setting up .venv with the locked dependencies (once; about a minute) …", flush=True)
        venv.create(VENV, with_pip=True, clear=True)
        try:
            pip("install", "--require-hashes", "-r", "requirements.lock")
            pip("install", "--no-deps", "--no-build-isolation", "--editable", ".")
        except subprocess.CalledProcessError as error:
            print("Set-up failed; pip's message is above. Mend it and run the same command again.")
            return error.returncode
        STAMP.write_text(state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
