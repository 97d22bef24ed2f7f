"""What tests of masking MySQL and MariaDB share: one server per process, tests/conftest.py's."""

import pytest

from services.anonymize.worker.engines.mysql import cleaning
from services.anonymize.worker.engines.results import Cleaning


@pytest.fixture
def without_cleaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave cleaning to its own tests: it waits for the server's checkpoints."""
    monkeypatch.setattr(cleaning, "clean", lambda work: Cleaning(0, ()))
