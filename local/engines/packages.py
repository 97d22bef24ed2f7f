"""A server out of the distribution's packages: downloaded by apt and unpacked into a folder, without root.

Nothing is installed. A server of a newer release of the same distribution runs too: it gets that release's C
library along with the others, and is started by that library's own loader.
"""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.engines.placement import Programs
from local.engines.port import EngineError

_ONLY_DEPENDS = [
    f"--no-{what}" for what in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
]
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_EVERYWHERE = "libc6"  # a package that every release has: whether apt has any lists
_PATIENCE = ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10"]


@dataclass(frozen=True)
class Source:
    """Options that make apt know packages."""

    options: list[str]
    alone: bool = False
    """Whether they are another release's, so that nothing of this machine's goes with them."""


@dataclass(frozen=True)
class Packaged:
    """A server as a distribution packs it."""

    product: str
    name: str
    """What its unpacked folder is called."""
    packages: tuple[tuple[str, ...], ...]
    """What is wanted, under the names that releases give it; what it depends on comes along. The first one
    tells whether a release has it."""
    servers: tuple[str, ...]
    """The program's names on a PATH; under the first one a package has it in /usr/sbin."""
    version: re.Pattern[str]
    """How it says its version, major and minor, and that it is what we want."""
    least: tuple[int, int]
    missing: str
    """What to tell who has none: what to install."""
    newer_release: str | None = None
    """A suite of Debian that has it where the machine's own has not."""

    def in_folder(self, folder: Path) -> Programs:
        """The programs that were unpacked there."""
        server = folder / "usr" / "sbin" / self.servers[0]
        return Programs(server, (folder,), _libraries_in(folder), _loader_in(folder))

    def runs(self, programs: Programs) -> bool:
        """Whether it can be started, and is the product and new enough."""
        numbers = self.version_of(programs)
        return numbers is not None and numbers >= self.least

    def version_of(self, programs: Programs) -> tuple[int, int] | None:
        """A server's version; None if it is another product's or does not run."""
        command = [*programs.command(), "--no-defaults", "--version"]
        environment = {**os.environ, **programs.environment()}
        try:
            shown = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        except OSError:
            return None
        numbers = self.version.search(shown.stdout)
        return (int(numbers[1]), int(numbers[2])) if numbers else None

    def unpack(self, into: Path) -> None:
        """Download the packages and unpack them; two that do it at a time do it once.

        Raises EngineError with the reason and what to install instead.
        """
        if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
            raise EngineError(self.missing)
        into.parent.mkdir(parents=True, exist_ok=True)
        try:
            with into.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not into.exists():
                    with tempfile.TemporaryDirectory(prefix=f"{into.name}-", dir=into.parent) as folder:
                        self._unpack(Path(folder)).rename(into)
        except OSError as problem:
            raise EngineError(f"{into} cannot be written: {problem}. {self.missing}") from problem

    def _unpack(self, folder: Path) -> Path:
        folder.chmod(0o755)
        made, packages = folder / "made", folder / "packages"
        made.mkdir()
        packages.mkdir()
        source = self.source(folder)
        self._run("apt-get", "download", "-qq", *source.options, *self.wanted(source), cwd=packages)
        for package in sorted(packages.glob("*.deb")):
            self._run("dpkg", "--extract", str(package), str(made))
        found = self.version_of(self.in_folder(made))
        if found is None or found < self.least:
            said = ".".join(map(str, found)) if found else "not to be run here"
            raise EngineError(f"The distribution's server is {said}. {self.missing}")
        return made

    def source(self, folder: Path) -> Source:
        """Where apt finds the packages: what the machine knows, or lists that are fetched into a folder."""
        own = Source([])
        if not self._run("apt-cache", "show", _EVERYWHERE, refuse=False):
            own = Source(_private_lists(folder / "own"))
            self._run("apt-get", "update", "-qq", *own.options, *_PATIENCE)
        if self.newer_release is None or self._names(own, self.packages[0]):
            return own
        shown = self._run("apt-get", "indextargets", *own.options, "--format", "$(ORIGIN) $(REPO_URI)")
        mirror = next((line.split()[1] for line in shown.splitlines() if line.startswith("Debian ")), None)
        if mirror is None:
            raise EngineError(f"This distribution has no such package. {self.missing}")
        newer = Source(_private_lists(folder / "newer", mirror, self.newer_release), alone=True)
        self._run("apt-get", "update", "-qq", *newer.options, *_PATIENCE)
        return newer

    def wanted(self, source: Source) -> list[str]:
        """The packages, and of what they depend on that which the machine does not have."""
        wanted: list[str] = []
        for names in self.packages:
            found = self._names(source, names)
            if not found:
                raise EngineError(f"This distribution has no {names[0]}. {self.missing}")
            wanted.append(found[0])
        fresh = wanted
        while fresh:  # a generation at a time: every call of apt reads all its lists
            shown = self._run("apt-cache", "depends", *_ONLY_DEPENDS, *source.options, *fresh)
            known, alternatives = len(wanted), list[str]()
            for bar, name in re.findall(r"^ +(\|?)(?:Pre)?Depends: (\S+)", shown, re.MULTILINE):
                if not name.startswith("<"):  # a name that several packages provide, and that none bears
                    alternatives.append(name)
                if not bar:
                    if alternatives and not any(self._is_there(one, wanted, source) for one in alternatives):
                        wanted.append(alternatives[0])
                    alternatives = []
            fresh = wanted[known:]
        return wanted

    def _names(self, source: Source, names: Sequence[str]) -> list[str]:
        shown = [self._run("apt-cache", "show", *source.options, name, refuse=False) for name in names]
        return [name for name, text in zip(names, shown, strict=True) if text]

    def _is_there(self, package: str, wanted: Sequence[str], source: Source) -> bool:
        """Whether nothing has to be fetched for it. Beside another C library only libraries are of use."""
        if package in wanted or (source.alone and not package.startswith("lib")):
            return True
        status = ("dpkg-query", "-W", "-f=${db:Status-Status}", package)
        return not source.alone and self._run(*status, refuse=False) == "installed"

    def _run(self, *command: str, cwd: Path | None = None, refuse: bool = True) -> str:
        """What a program prints; if it fails, EngineError or, unless we refuse that, nothing."""
        environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout
        if not refuse:
            return ""
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise EngineError(f"{' '.join(command[:2])} failed: {' '.join(last)}. {self.missing}")


def _private_lists(folder: Path, mirror: str | None = None, suite: str | None = None) -> list[str]:
    """Options for lists of our own: of the machine's sources, or of one suite of a mirror."""
    for name in ("lists/partial", "cache/archives/partial", "sources"):
        (folder / name).mkdir(parents=True)
    options = [f"Dir::State::Lists={folder / 'lists'}", f"Dir::Cache={folder / 'cache'}"]
    if os.geteuid() == 0:
        options.append("APT::Sandbox::User=root")
    if mirror is not None:
        (folder / "sources" / "newer.sources").write_text(
            f"Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\nSigned-By: {_KEYRING}\n"
        )
        options += ["Dir::Etc::sourcelist=/dev/null", f"Dir::Etc::sourceparts={folder / 'sources'}/"]
    return [part for option in options for part in ("-o", option)]


def _libraries_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in (folder / "usr" / "lib").glob("*-linux-*") if path.is_dir()))


def _loader_in(folder: Path) -> Path | None:
    """The loader of an unpacked C library: it can start only with its own."""
    return next(iter(sorted((folder / "usr").glob("lib*/**/ld-linux*.so.*"))), None)
