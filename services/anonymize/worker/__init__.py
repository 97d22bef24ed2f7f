"""The worker: masks a restored PostgreSQL database in place and verifies it.

`python -m services.anonymize.worker` runs it; operators' commands use what is named here.
"""

from services.anonymize.worker.connecting import ConnectionProblemError
from services.anonymize.worker.policy import PolicyError, Problem, load_policy
from services.anonymize.worker.preflight import preflight
from services.anonymize.worker.suggestion import suggest_policy

__all__ = ["ConnectionProblemError", "PolicyError", "Problem", "load_policy", "preflight", "suggest_policy"]
