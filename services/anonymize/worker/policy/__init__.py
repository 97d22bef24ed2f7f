"""The policy: policy.yaml and what it includes read into frozen models, with every problem at its place."""

from services.anonymize.worker.policy.including import Beside
from services.anonymize.worker.policy.model import (
    Action,
    ColumnRule,
    Condition,
    Default,
    LargeObjects,
    Leftovers,
    Match,
    Policy,
    Quarantine,
    RunScript,
    Script,
    Step,
    TablePattern,
    TableRule,
)
from services.anonymize.worker.policy.problems import Place, PolicyError, Problem, did_you_mean
from services.anonymize.worker.policy.reading import load_policy, read_policy
from services.anonymize.worker.policy.resolving import resolve

__all__ = [
    "Action",
    "Beside",
    "ColumnRule",
    "Condition",
    "Default",
    "LargeObjects",
    "Leftovers",
    "Match",
    "Place",
    "Policy",
    "PolicyError",
    "Problem",
    "Quarantine",
    "RunScript",
    "Script",
    "Step",
    "TablePattern",
    "TableRule",
    "did_you_mean",
    "load_policy",
    "read_policy",
    "resolve",
]
