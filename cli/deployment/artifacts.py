"""The artifacts of an account: a bucket for zips and templates, and in production the worker's images."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.deployment.account import ARTIFACTS, Operated
from cli.deployment.stacks import Say, Stack, Stacks, Wanted
from cli.exits import InputError
from infra.artifacts.archive import digest_of
from infra.artifacts.closure import BuildError
from infra.artifacts.lambdas import build, megabytes
from infra.artifacts.parts import LAMBDAS, ROOT

PRODUCTION = ("restore", "anonymize", "snapshot")
DEVELOPMENT = ("receiver",)
LARGEST_BODY = 51_200  # bytes of a template in the call itself; a larger one is read from the bucket
_TEMPLATE = ROOT / "infra/artifacts/artifacts.json"


def artifacts_stack(operated: Operated) -> Wanted:
    """Say what the stack of the artifacts is."""
    images = "yes" if operated.is_production else "no"
    return Wanted(ARTIFACTS, {"TemplateBody": _TEMPLATE.read_text()}, {"WithImages": images})


@dataclass(frozen=True)
class Zips:
    """The zips of an account's functions, and the prefix that names exactly these."""

    files: Mapping[str, Path]
    prefix: str


def gather_zips(operated: Operated, given: Path | None, out: Path, say: Say) -> Zips:
    """Build the account's zips, or take those that were built before. Raises InputError or BuildError."""
    wanted = PRODUCTION if operated.is_production else DEVELOPMENT
    files = {}
    for name in wanted:
        if given is None:
            built = build(LAMBDAS[name], out)
            if broken := built.too_large():
                raise BuildError("\n".join(broken))
            say(f"built {built.path} ({megabytes(built.zipped)})")
            files[f"{name}.zip"] = built.path
        else:
            files[f"{name}.zip"] = given / f"{name}.zip"
            if not files[f"{name}.zip"].is_file():
                raise InputError(
                    f"{given}: holds no {name}.zip; make them with: python -m infra.artifacts --out {given}"
                )
    digests = "".join(f"{name} {digest_of(path)}\n" for name, path in sorted(files.items()))
    return Zips(files, f"functions/{hashlib.sha256(digests.encode()).hexdigest()[:16]}/")


class Shelf:
    """The artifacts' bucket. What lies there is named by its content and so never changed."""

    def __init__(self, operated: Operated, stack: Stack, say: Say) -> None:
        self._s3 = operated.client("s3")
        self._region = operated.region
        self._say = say
        self.bucket = stack.outputs["Bucket"]

    def put_zips(self, zips: Zips) -> None:
        """Upload the zips that are not there yet."""
        there = self._keys(zips.prefix)
        for name, path in zips.files.items():
            key = zips.prefix + name
            if key not in there:
                self._say(f"uploading {name} to s3://{self.bucket}/{key}")
                self._s3.put_object(Bucket=self.bucket, Key=key, Body=path.read_bytes())

    def template(self, template: Mapping[str, Any]) -> dict[str, str]:
        """Give a template as CloudFormation takes it: in the call, or by its address in the bucket."""
        text = json.dumps(template, separators=(",", ":"), ensure_ascii=False)
        body = text.encode()
        if len(body) <= LARGEST_BODY:
            return {"TemplateBody": text}
        key = f"templates/{hashlib.sha256(body).hexdigest()[:16]}.json"
        if key not in self._keys(key):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return {"TemplateURL": f"https://{self.bucket}.s3.{self._region}.amazonaws.com/{key}"}

    def _keys(self, prefix: str) -> set[str]:
        answer = self._s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return {one["Key"] for one in answer.get("Contents", ())}


def remove_artifacts(operated: Operated, stacks: Stacks, say: Say) -> None:
    """Empty what holds the artifacts, then delete it. Nothing in it is anybody's data."""
    stack = stacks.settled(ARTIFACTS)
    if stack is None:
        return
    if bucket := stack.outputs.get("Bucket"):
        _empty(operated.client("s3"), bucket)
    if repository := stack.outputs.get("Images"):
        _delete_images(operated.client("ecr"), repository.split("/", 1)[1])
    say(f"{ARTIFACTS}: removing zips, templates and images")
    stacks.remove(ARTIFACTS)


def _empty(s3: Any, bucket: str) -> None:
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            old = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            if old:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": old, "Quiet": True})
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise


def _delete_images(ecr: Any, repository: str) -> None:
    for page in ecr.get_paginator("list_images").paginate(repositoryName=repository):
        if page["imageIds"]:
            ecr.batch_delete_image(repositoryName=repository, imageIds=page["imageIds"])
