"""Any database is masked and otherwise what it was, or refused before anything is written."""

import pytest

from tests.worker.conftest import Server
from tests.worker.drawn.playing import play


@pytest.mark.parametrize("seed", range(1, 11))
def test_a_drawn_database_is_masked_or_refused_and_otherwise_what_it_was(server: Server, seed: int) -> None:
    end, said = play(server, seed)
    assert (end, said) in {("masked", ""), ("refused", "")}
