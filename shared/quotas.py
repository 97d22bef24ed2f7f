"""Quotas of RDS, told before they bite: how much of each is used, and what of ours could go.

The metric is one for the whole account, the fullest quota in percent; the log says which and by what.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared import names
from shared.database.port import Condition, Kind, Snapshot
from shared.observability import logger, percentage

if TYPE_CHECKING:
    from shared.config import Quotas

LONGEST_LIST = 20


@dataclass(frozen=True)
class Use:
    """How much of one quota an account uses."""

    quota: str
    used: int
    limit: int

    @property
    def percent(self) -> int:
        """How much of it is used, rounded down; above 100 if the configuration says too little."""
        return self.used * 100 // self.limit


def uses(snapshots: Collection[Snapshot], quotas: "Quotas") -> tuple[Use, ...]:
    """Tell the use of each quota from an account's manual snapshots of both kinds; pure.

    RDS does not say which unfinished snapshot is a copy. All count except those that Snapveil takes of a
    database, so that copies are told too many rather than too few.
    """
    limits = {
        Kind.INSTANCE: (quotas.instance_snapshots, quotas.instance_copies),
        Kind.CLUSTER: (quotas.cluster_snapshots, quotas.cluster_copies),
    }
    found = []
    for kind, (most, most_copies) in limits.items():
        own = [snapshot for snapshot in snapshots if snapshot.kind is kind]
        copies = [one for one in own if _may_be_a_copy(one)]
        found.append(Use(f"manual snapshots of {kind}s", len(own), most))
        found.append(Use(f"snapshot copies of {kind}s in flight", len(copies), most_copies))
    return tuple(found)


def _may_be_a_copy(snapshot: Snapshot) -> bool:
    return snapshot.condition is Condition.PENDING and not snapshot.name.startswith(names.MASKED)


def tell(snapshots: Collection[Snapshot], quotas: "Quotas", could_go: Iterable[str]) -> None:
    """Write the metric QuotaUsed, and a warning for each quota that is used as far as `warn_at`.

    `could_go` names the snapshots of ours that nothing needs.
    """
    found = uses(snapshots, quotas)
    percentage("QuotaUsed", max(use.percent for use in found))
    near = [use for use in found if use.percent >= quotas.warn_at]
    if not near:
        return
    ours = sorted(snapshot.name for snapshot in snapshots if snapshot.name.startswith(names.PREFIX))
    going = sorted(could_go)
    for use in near:
        logger.warning(
            "a quota is nearly used up",
            quota=use.quota,
            used=use.used,
            limit=use.limit,
            ours=len(ours),
            could_go=going[:LONGEST_LIST],
            could_go_in_all=len(going),
        )
