"""The worker's image: found by what it is made of, or built and pushed once."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.deployment.images import Images
from cli.main import main
from tests.cli.deployment.account import (
    IMAGE,
    client,
    deploy,
    parameters,
)


class Docker:
    """Stands for the docker command: remembers what it was told, and pushes to moto's ECR."""

    def __init__(self, answers: bool = True) -> None:
        self.answers = answers
        self.told: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str], given: str = "", quiet: bool = False) -> str:
        if not self.answers:
            raise subprocess.CalledProcessError(1, command)
        self.told.append(command)
        if "--push" in command:
            tag = command[list(command).index("--tag") + 1].rpartition(":")[2]
            client("ecr").put_image(
                repositoryName="snapveil-worker",
                imageTag=tag,
                imageManifest=json.dumps({"schemaVersion": 2, "tag": tag}),
                imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
            )
        return ""


def images(docker: Docker) -> Images:
    made = client("ecr").create_repository(repositoryName="snapveil-worker")["repository"]["repositoryUri"]
    return Images(client("ecr"), made, lambda line: None, docker)


def test_an_image_is_built_once_for_arm64_and_then_found_by_what_it_is_made_of() -> None:
    docker = Docker()
    repository = images(docker)
    assert repository.find("f00d") is None
    built = repository.build("f00d")
    assert "@sha256:" in built
    assert repository.find("f00d") == built
    (build,) = [command for command in docker.told if "buildx" in command]
    assert "linux/arm64" in build


def test_without_docker_and_image_nothing_is_made_and_one_line_says_what_can_be_done(
    document: Path, zips: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(zips))
    assert main(["deploy", str(document), "--zips", str(zips)]) == 2
    said = capsys.readouterr().err
    assert "docker with buildx does not answer; start it, or build infra/worker/Dockerfile elsewhere" in said
    assert client("s3").list_buckets()["Buckets"] == []


def test_an_image_that_is_in_ecr_already_is_taken_without_docker(
    document: Path, zips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.deploy.worker_tag", lambda: "f00d")
    deploy(document, zips)
    Docker()(["docker", "buildx", "build", "--push", "--tag", "snapveil-worker:f00d"])
    assert main(["deploy", str(document), "--zips", str(zips)]) == 0
    repository, _, digest = parameters()["WorkerImage"].partition("@")
    assert repository == IMAGE.partition("@")[0]
    assert digest.startswith("sha256:")
    assert parameters()["WorkerImage"] != IMAGE
