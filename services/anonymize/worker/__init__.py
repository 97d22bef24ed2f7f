"""The worker: masks a restored database in place and verifies it.

`python -m services.anonymize.worker` runs it; operators' commands use what is named here.
"""

from services.anonymize.worker.comparison import Change, compare
from services.anonymize.worker.connecting import ConnectionProblemError
from services.anonymize.worker.explanation import Explanation, explain, named_otherwise
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.policy import PolicyError, Problem, load_policy, read_policy
from services.anonymize.worker.preflight import (
    Checked,
    check_database,
    check_schema,
    discover_schema,
    preflight,
)
from services.anonymize.worker.schema_file import SchemaFileError, read_schema, write_schema
from services.anonymize.worker.suggestion import suggest_policy

__all__ = [
    "Change",
    "Checked",
    "ConnectionProblemError",
    "Explanation",
    "MaskingError",
    "PolicyError",
    "Problem",
    "SchemaFileError",
    "check_database",
    "check_schema",
    "compare",
    "discover_schema",
    "explain",
    "load_policy",
    "named_otherwise",
    "preflight",
    "read_policy",
    "read_schema",
    "suggest_policy",
    "write_schema",
]
