"""A truthful RDS behind moto's API: states that take time, AWS's own refusals, real engines behind."""

from local.rds.limits import Limits
from local.rds.timings import Timings
from local.rds.world import DatabaseSummary, RdsWorld

__all__ = ["DatabaseSummary", "Limits", "RdsWorld", "Timings"]
