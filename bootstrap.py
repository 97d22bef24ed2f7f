"""Set up `.venv` with the locked dependencies and the `snapveil` command; does nothing if that is done.

With the argument `infra` also what writes and checks the CloudFormation templates (the CDK and Node.js, half
a gigabyte), which running Snapveil does not need. MariaDB is unpacked where the distribution has packages of
it, and never stops a set-up: what needs it says so itself. Only the standard library, so that it runs on a
fresh machine. A file lock lets two set-ups run at a time.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"snapveil": "requirements.lock", "infra": "requirements-infra.lock"}
INPUTS = ("pyproject.toml", "bootstrap.py")
LEAST = (3, 11)


def wanted(lock: str) -> str:
    """Name the state that a finished set-up has: these inputs, this interpreter, this place."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {HERE}".encode())
    for name in (lock, *INPUTS):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def stamp(what: str) -> Path:
    """Name the file that says that a part is set up."""
    return VENV / f"{what}-set-up"


def done(what: str) -> bool:
    """Tell whether a part is set up as it should be."""
    return stamp(what).exists() and stamp(what).read_text() == wanted(LOCKS[what])


def pip(*arguments: str) -> None:
    """Run pip of the virtual environment; only its errors are shown."""
    subprocess.run(
        [PYTHON, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check", *arguments],
        cwd=HERE,
        check=True,
    )


def install() -> None:
    """Make the virtual environment anew, with what Snapveil runs and is tested with."""
    print("Setting up .venv with the locked dependencies (once; about a minute) …", flush=True)
    venv.create(VENV, with_pip=True, clear=True)
    pip("install", "--require-hashes", "-r", LOCKS["snapveil"])
    pip("install", "--no-deps", "--no-build-isolation", "--editable", ".")


def install_infra() -> None:
    """Add what writes the templates."""
    print("Adding the CDK and Node.js, for the templates (once; about a minute) …", flush=True)
    pip("install", "--require-hashes", "-r", LOCKS["infra"])


def unpack_mariadb() -> None:
    """Get MariaDB's server, or say what will not run without it; the next set-up tries again."""
    if not mariadb_done():
        print("Unpacking MariaDB of the distribution's packages, without installing it (once) …", flush=True)
        subprocess.run([PYTHON, "-m", "local.engines"], cwd=HERE, check=False)


def mariadb_done() -> bool:
    """Tell whether a server was unpacked, or is on the PATH already."""
    return (VENV / "mariadb").exists() or shutil.which("mariadbd") is not None


def main(parts: list[str]) -> int:
    """Set up what is missing; return the exit code."""
    if sys.version_info < LEAST:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Snapveil needs Python 3.11 or newer; {sys.executable} is {found}: make PYTHON=python3.12")
        return 2
    with (HERE / ".set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for what, how in (("snapveil", install), ("infra", install_infra)):
            if done(what) or what not in ("snapveil", *parts):
                continue
            try:
                how()
            except subprocess.CalledProcessError as error:
                print("Set-up failed; pip's message is above. Mend it and run the same command again.")
                return error.returncode
            stamp(what).write_text(wanted(LOCKS[what]))
        unpack_mariadb()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
