"""The parts that are built: where each starts, and how large and how slow it may become."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Part:
    """Something that is shipped: the module where it starts, and its own way to be started."""

    name: str
    module: str
    files: tuple[str, ...] = ()  # shipped, though importing them would run them


@dataclass(frozen=True)
class Bounds:
    """How large a zip may be, and how long its handler's import may take.

    Time is a ratio to importing boto3 with one client from the same zip: machines differ and are shared.
    """

    zipped: int
    unzipped: int
    cold_import: float


LAMBDAS = {
    name: Part(name, f"services.{name}.handler") for name in ("restore", "anonymize", "snapshot", "receiver")
}
WORKER = Part("worker", "services.anonymize.worker.run", files=("services/anonymize/worker/__main__.py",))

# About a third above what was measured with boto3 1.44: 6 and 10 MB, unzipped 18 and 32, a ratio of 1.0.
_WITHOUT_DRIVER = Bounds(zipped=8 * MEGABYTE, unzipped=24 * MEGABYTE, cold_import=1.4)
_WITH_DRIVER = Bounds(zipped=13 * MEGABYTE, unzipped=40 * MEGABYTE, cold_import=1.4)
BOUNDS = {
    "restore": _WITHOUT_DRIVER,
    "anonymize": _WITHOUT_DRIVER,
    "snapshot": _WITHOUT_DRIVER,
    "receiver": _WITH_DRIVER,
}
