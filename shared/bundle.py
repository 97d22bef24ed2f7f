"""A policy and the files that it names, read as one thing with one digest.

The digest binds a run, its verification and its snapshot to exactly this policy, scripts included.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.aws import client

POLICY_FILE = "policy.yaml"
MAX_FILES = 100
MAX_BYTES = 5 * 1024 * 1024


class BundleError(Exception):
    """The policy cannot be read: not there, too large or without a policy.yaml."""


@dataclass(frozen=True)
class Bundle:
    """The files by name, `policy.yaml` among them, and the digest over all of them (SHA-256, hex)."""

    files: Mapping[str, bytes]
    digest: str

    @property
    def policy(self) -> str:
        """The text of policy.yaml."""
        return self.files[POLICY_FILE].decode()


def read_bundle(uri: str) -> Bundle:
    """Read a bundle from `s3://bucket/prefix` or from a folder. Raises BundleError."""
    files: dict[str, bytes] = {}
    size = 0
    for name, content in _objects(uri) if uri.startswith("s3://") else _folder(Path(uri)):
        files[name] = content
        size += len(content)
        if len(files) > MAX_FILES or size > MAX_BYTES:
            raise BundleError(
                f"{uri} holds more than {MAX_FILES} files or {MAX_BYTES} bytes; keep only the policy there"
            )
    if POLICY_FILE not in files:
        raise BundleError(f"{uri} holds no {POLICY_FILE}; publish the policy there")
    return Bundle(files=files, digest=digest_of(files))


def digest_of(files: Mapping[str, bytes]) -> str:
    """Compute the digest of a bundle's files, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


def _objects(uri: str) -> Iterator[tuple[str, bytes]]:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    prefix = prefix.rstrip("/") + "/"
    for page in client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            name = entry["Key"].removeprefix(prefix)
            if name:
                yield name, client("s3").get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()


def _folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        raise BundleError(f"{folder} is no folder")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()
