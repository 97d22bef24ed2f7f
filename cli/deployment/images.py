"""The worker's image in ECR: found by what it is made of, or built and pushed with docker."""

import base64
import hashlib
import re
import subprocess
from collections.abc import Sequence
from typing import Any, Protocol

from botocore.exceptions import ClientError

from cli.deployment.stacks import Say
from cli.exits import InputError, RunFailedError
from infra.artifacts.closure import closure_of
from infra.artifacts.lock import WORKER_LOCK
from infra.artifacts.parts import ROOT, WORKER

DOCKERFILE = ROOT / "infra/worker/Dockerfile"
PINNED = re.compile(r".+@sha256:[0-9a-f]{64}")


class Run(Protocol):
    """Runs a program and returns its output; raises OSError or CalledProcessError."""

    def __call__(self, command: Sequence[str], given: str = "", quiet: bool = False) -> str:
        """Run it with this on its standard input; `quiet` keeps its complaints off the terminal."""


def run(command: Sequence[str], given: str = "", quiet: bool = False) -> str:
    """Run a program; what it says while it works goes to the terminal."""
    return subprocess.run(
        command,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout


def check_docker(run_program: Run = run) -> None:
    """Raise InputError if no image can be built here."""
    try:
        run_program(["docker", "version", "--format", "{{.Server.Version}}"], quiet=True)
        run_program(["docker", "buildx", "version"], quiet=True)
    except (OSError, subprocess.CalledProcessError):
        raise InputError(
            "the worker's image is not in ECR yet, and docker with buildx does not answer; start it, or build"
            " infra/worker/Dockerfile elsewhere and name the pushed image:"
            " --worker-image <repository>@sha256:<digest>"
        ) from None


def check_pinned(image: str) -> None:
    """Raise InputError for an image that is not named by its digest."""
    if not PINNED.fullmatch(image):
        raise InputError(
            f"--worker-image {image}: name it by its digest, like <repository>@sha256:<64 hex digits>"
        )


def worker_tag() -> str:
    """Name the image by all that it is made of: the same sources are never built twice."""
    digest = hashlib.sha256()
    for path in (DOCKERFILE, WORKER_LOCK, *(ROOT / name for name in closure_of(WORKER).files)):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Images:
    """The repository of the worker's images."""

    def __init__(self, ecr: Any, repository: str, say: Say, run_program: Run = run) -> None:
        self._ecr = ecr
        self._uri = repository  # <registry>/<name>
        self._say = say
        self._run = run_program

    def find(self, tag: str) -> str | None:
        """Return the image of this tag by its digest, if it is there."""
        try:
            answer = self._ecr.describe_images(
                repositoryName=self._uri.split("/", 1)[1], imageIds=[{"imageTag": tag}]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in {"ImageNotFoundException", "RepositoryNotFoundException"}:
                return None
            raise
        return f"{self._uri}@{answer['imageDetails'][0]['imageDigest']}"

    def build(self, tag: str) -> str:
        """Build the image with docker, push it, and return it by its digest. Raises RunFailedError."""
        self._say(f"building and pushing {self._uri}:{tag}")
        token = self._ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        user, _, password = base64.b64decode(token).decode().partition(":")
        try:
            self._run(
                ["docker", "login", "--username", user, "--password-stdin", self._uri.split("/", 1)[0]],
                password,
            )
            self._run(
                [
                    *("docker", "buildx", "build", "--provenance=false", "--push"),
                    *("--platform", "linux/arm64", "--file", str(DOCKERFILE)),
                    *("--tag", f"{self._uri}:{tag}", str(ROOT)),
                ]
            )
        except subprocess.CalledProcessError as error:
            raise RunFailedError(
                f"{' '.join(map(str, error.cmd[:3]))} failed; its message is above"
            ) from None
        if (image := self.find(tag)) is None:
            raise RunFailedError(
                f"docker pushed {self._uri}:{tag}, but ECR does not have it; run the same again"
            )
        return image
