"""How many connections the worker masks over: as many as the temporary database has vCPUs."""

import re
from dataclasses import dataclass

UNKNOWN = 2  # vCPUs: what the smallest classes of today's families have
MOST = 64  # also of `worker.connections`

_CLASS = re.compile(r"db\.(?P<family>[a-z0-9]+)\.(?P<size>[a-z0-9]+)")
_TIMES = re.compile(r"(?P<times>[0-9]+)xlarge")
_LARGE = {"large": 2, "xlarge": 4}
_BELOW = frozenset({"micro", "small", "medium"})
_SINGLE = frozenset({("t2", "micro"), ("t2", "small")})


@dataclass(frozen=True)
class Connections:
    """A number of connections and the reason for it; `guessed` if nothing is known of the database."""

    number: int
    why: str
    guessed: bool = False


def connections_for(instance_class: str, wanted: int | None = None) -> Connections:
    """Return how many connections the worker shall take; `wanted` is the operator's own word, which counts.

    An unknown class counts as 2 vCPUs, and so does db.serverless: it grows with what is asked of it, and
    may do so from half an ACU.
    """
    if wanted is not None:
        return Connections(wanted, "worker.connections says so")
    vcpus = vcpus_of(instance_class)
    if vcpus is not None:
        more = f", and {MOST} connections are the most" if vcpus > MOST else ""
        return Connections(min(vcpus, MOST), f"{instance_class} has {_counted(vcpus)}{more}")
    if instance_class == "db.serverless":
        return Connections(UNKNOWN, f"db.serverless counts as {_counted(UNKNOWN)}")
    why = (
        f"{instance_class} is not known, so it counts as {_counted(UNKNOWN)}; worker.connections can say more"
    )
    return Connections(UNKNOWN, why, guessed=True)


def vcpus_of(instance_class: str) -> int | None:
    """Return the vCPUs of a class of RDS or Aurora; None for one whose name does not tell.

    A size says the vCPUs: 4 in an xlarge, N × 4 in an Nxlarge, 2 in a large. Below that the burstable
    families have 2 in every size, but db.t2's two smallest 1, and the others 1 (Amazon RDS User Guide,
    "Hardware specifications for DB instance classes"). A class with a suffix for processors or memory
    (db.r5.4xlarge.tpc2.mem2x) exists for Oracle only.
    """
    match = _CLASS.fullmatch(instance_class)
    if match is None:
        return None
    family, size = match["family"], match["size"]
    if times := _TIMES.fullmatch(size):
        return 4 * int(times["times"])
    if size in _BELOW:
        return 2 if family.startswith("t") and (family, size) not in _SINGLE else 1
    return _LARGE.get(size)


def _counted(vcpus: int) -> str:
    return f"{vcpus} vCPU{'' if vcpus == 1 else 's'}"
