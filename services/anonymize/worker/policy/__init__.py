"""The policy: policy.yaml read into frozen models, with every problem at its line."""

from services.anonymize.worker.policy.model import (
    Action,
    ColumnRule,
    Condition,
    LargeObjects,
    Leftovers,
    Policy,
    Quarantine,
    RunScript,
    Script,
    TableRule,
)
from services.anonymize.worker.policy.problems import Place, PolicyError, Problem, did_you_mean
from services.anonymize.worker.policy.reading import load_policy

__all__ = [
    "Action",
    "ColumnRule",
    "Condition",
    "LargeObjects",
    "Leftovers",
    "Place",
    "Policy",
    "PolicyError",
    "Problem",
    "Quarantine",
    "RunScript",
    "Script",
    "TableRule",
    "did_you_mean",
    "load_policy",
]
