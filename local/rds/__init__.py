"""A truthful RDS behind moto's API: states that take time, refusals as AWS gives them, real engines behind it."""

from local.rds.limits import Limits
from local.rds.timings import Timings
from local.rds.world import DatabaseSummary, RdsWorld

__all__ = ["DatabaseSummary", "Limits", "RdsWorld", "Timings"]
