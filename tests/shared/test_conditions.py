"""Statuses: every one that AWS documents is known, and an unknown one is waited for."""

import pytest

from shared.database.conditions import condition
from shared.database.port import Condition


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("available", Condition.READY),
        ("storage-optimization", Condition.READY),
        ("creating", Condition.PENDING),
        ("backing-up", Condition.PENDING),
        ("modifying", Condition.PENDING),
        ("renaming", Condition.PENDING),
        ("rebooting", Condition.PENDING),
        ("resetting-master-credentials", Condition.PENDING),
        ("upgrading", Condition.PENDING),
        ("a-status-of-next-year", Condition.PENDING),
        ("deleting", Condition.DELETING),
        ("failed", Condition.FAILED),
        ("restore-error", Condition.FAILED),
        ("incompatible-restore", Condition.FAILED),
        ("incompatible-network", Condition.FAILED),
        ("incompatible-option-group", Condition.FAILED),
        ("incompatible-parameters", Condition.FAILED),
        ("inaccessible-encryption-credentials", Condition.FAILED),
        ("insufficient-capacity", Condition.FAILED),
        ("storage-full", Condition.FAILED),
        ("stopped", Condition.FAILED),
    ],
)
def test_a_status_means(status: str, meaning: Condition) -> None:
    assert condition(status) is meaning
