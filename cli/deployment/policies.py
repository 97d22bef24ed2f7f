"""Policy bundles: checked here, then put where the account's own configuration says the services look."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.deployment.account import Operated
from cli.exits import InputError
from shared.bundle import POLICY_FILE, Bundle, BundleError, digest_of, read_bundle
from shared.config import Production, read


@dataclass(frozen=True)
class Policy:
    """A source's policy with its files."""

    source: str
    bundle: Bundle


def read_policies(given: Iterable[str], operated: Operated) -> list[Policy]:
    """Read `source=folder` and `source=file` words. Raises InputError for an unknown source or an unusable
    policy."""
    policies = []
    for word in given:
        source, is_pair, folder = word.partition("=")
        if not is_pair:
            raise InputError(f"--policy {word}: write a source and its folder or file: shop=policies/shop")
        if not operated.is_production or source not in operated.names:
            known = (
                ", ".join(operated.names) if operated.is_production else "none: policies belong to production"
            )
            raise InputError(f"--policy {word}: {operated.path} has no source {source}; it has {known}")
        try:
            policies.append(Policy(source, _bundle(Path(folder))))
        except (BundleError, InputError) as error:
            raise InputError(f"--policy {word}: {error}") from None
    return policies


def _bundle(path: Path) -> Bundle:
    """Read a folder as it is, or a file with what it names. Raises BundleError or InputError."""
    from cli.policy.bundling import bundle_of  # noqa: PLC0415 - only with a policy
    from cli.policy.files import usable  # noqa: PLC0415

    file = path if path.is_file() else path / POLICY_FILE
    bundle = None if path.is_file() else read_bundle(str(path))
    files = bundle_of(file, usable(file))
    return bundle or Bundle(files=files, digest=digest_of(files))


class Shelves:
    """Where each source's policy lies, as the deployed configuration says."""

    def __init__(self, operated: Operated) -> None:
        self._s3 = operated.client("s3")
        text = operated.client("ssm").get_parameter(Name="/snapveil/config")["Parameter"]["Value"]
        config = read(text, "/snapveil/config")
        assert isinstance(config, Production)  # noqa: S101 - the stack of a production document wrote it
        self._places = {name: source.policy for name, source in config.sources.items()}

    def without_policy(self) -> list[str]:
        """Name the sources that have no policy yet."""
        return [source for source in self._places if POLICY_FILE not in self._files(source)]

    def publish(self, policy: Policy) -> str | None:
        """Put a policy in place of the one that is there; return where, or None if it is there already."""
        there = self._files(policy.source)
        if there and digest_of(there) == policy.bundle.digest:
            return None
        bucket, prefix = self._place(policy.source)
        # The policy itself comes last: whoever reads in between gets a bundle that no run is bound to.
        for name in sorted(policy.bundle.files, key=lambda name: name == POLICY_FILE):
            self._s3.put_object(Bucket=bucket, Key=prefix + name, Body=policy.bundle.files[name])
        for name in set(there) - set(policy.bundle.files):
            self._s3.delete_object(Bucket=bucket, Key=prefix + name)
        return self._places[policy.source]

    def _files(self, source: str) -> dict[str, bytes]:
        bucket, prefix = self._place(source)
        found: dict[str, bytes] = {}
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for one in page.get("Contents", ()):
                body: Any = self._s3.get_object(Bucket=bucket, Key=one["Key"])["Body"]
                found[one["Key"].removeprefix(prefix)] = body.read()
        return found

    def _place(self, source: str) -> tuple[str, str]:
        bucket, _, prefix = self._places[source].removeprefix("s3://").partition("/")
        return bucket, prefix.rstrip("/") + "/"
