"""What is to be estimated: the sources of an operator's documents, or three databases of usual sizes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from cli.cost.model import Case
from cli.exits import InputError
from shared.config import ConfigError, Target
from shared.database.port import Kind

_SIZE = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?) ?(?P<unit>[GT])i?B", re.IGNORECASE)
LARGEST = 131_072  # GB: the largest volume that Aurora has
USUAL = {
    "20 GB": (20.0, "db.t4g.medium"),
    "200 GB": (200.0, "db.r6g.large"),
    "2 TB": (2048.0, "db.r6g.2xlarge"),
}


def gigabytes(text: str) -> float:
    """Read a size like 200GB or 2TB. Raises InputError."""
    match = _SIZE.fullmatch(text.strip())
    size = float(match["number"]) * (1024 if match["unit"].upper() == "T" else 1) if match else 0.0
    if not 1 <= size <= LARGEST:
        raise InputError(f"--size {text}: write a size from 1GB to 128TB, like 200GB or shop=2TB")
    return size


def sizes(given: Iterable[str]) -> dict[str, float]:
    """Read the values of --size: by source, and under "" the one for all others. Raises InputError."""
    read: dict[str, float] = {}
    for text in given:
        name, _, size = text.rpartition("=")
        if name in read:
            raise InputError(f"--size {text}: given twice{f' for {name}' if name else ''}")
        read[name] = gigabytes(size)
    return read


def usual_cases(kind: Kind) -> tuple[Case, ...]:
    """Return databases of 20 GB, 200 GB and 2 TB."""
    return tuple(
        Case(name, kind, gb, instance_class, instance_class, kind)
        for name, (gb, instance_class) in USUAL.items()
    )


def configured_cases(
    production: Path, development: Path | None, given: Mapping[str, float], otherwise: float
) -> tuple[tuple[Case, ...], tuple[int, int]]:
    """Read the sources of the operator's documents, and in how many zones each account has endpoints.

    Without development's document a target is taken to be like the temporary database; of several targets of
    a source the one that is named as it is priced, else the first. Raises InputError.
    """
    from infra.documents import read_development, read_production  # noqa: PLC0415 - reads YAML, slow to import

    try:
        ours = read_production(production)
        theirs = read_development(development) if development else None
    except ConfigError as error:
        raise InputError(str(error)) from None
    sources = ours.config.sources
    unknown = sorted(set(given) - set(sources) - {""})
    if unknown:
        raise InputError(
            f"--size {unknown[0]}=…: {production} has no such source (it has {', '.join(sorted(sources))})"
        )
    cases = []
    for name, source in sources.items():
        temporary = source.temporary.instance_class
        gb = given.get(name, given.get("", otherwise))
        case = Case(name, source.kind, gb, temporary, temporary, source.kind)
        targets: Mapping[str, Target] = theirs.config.targets_of(name) if theirs else {}
        if target := targets.get(name) or next(iter(targets.values()), None):
            case = replace(
                case,
                target_class=target.placement.instance_class,
                target_kind=target.kind,
                keep=max(one.keep for one in targets.values()),
                beside=target.replace == "beside",
            )
        cases.append(case)
    zones = tuple(
        0 if network.endpoint_security_group else network.endpoint_zones
        for network in (ours.network, (theirs or ours).network)
    )
    return tuple(cases), (zones[0], zones[1])
