"""MariaDB engines find a place wherever the checkout lies, and nothing is left of runs that ended badly."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from local.engines import mariadb, remove_detached
from local.engines.placement import Programs
from local.engines.processes import is_alive
from local.engines.server_programs import find_programs
from tests.local.engines.families import MARIADB_SHOP, ask, connect_mariadb
from tests.local.engines.folders import engine_folder
from tests.mariadb import ENGINES, ON_MYSQL, require_mariadb

pytestmark = pytest.mark.engines
DEEP = "cte_max_recursion_depth" if ON_MYSQL else "max_recursive_iterations"


def test_a_detached_engine_goes_on_sorting_on_disk_until_it_is_put_away() -> None:
    require_mariadb()
    with engine_folder() as folder:
        engines = ENGINES(folder)
        volume, other = engines.create(MARIADB_SHOP), engines.create(MARIADB_SHOP)
        port = engines.start(volume, engines.reserve_port()).port
        endpoint = engines.detach(volume)
        engines.close()
        assert other.path is not None
        assert not other.path.exists()
        with connect_mariadb(port) as connection:
            ask(connection, "SET SESSION tmp_table_size = 1024, sort_buffer_size = 1024")
            ask(connection, f"SET SESSION {DEEP} = 10000")
            numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
            sorted_rows = "SELECT count(*) FROM (SELECT DISTINCT repeat(i, 9) AS t FROM n) AS d"
            assert ask(connection, f"{numbers} {sorted_rows}") == ((9999,),)
        remove_detached(endpoint)
        assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to find another place")
def test_a_server_that_its_user_cannot_reach_is_copied_to_where_he_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A checkout in /root: neither the unpacked programs nor the data can stay there."""
    require_mariadb()
    found = find_programs(ENGINES.packaged)
    if not found.trees:
        pytest.skip("the server is installed here, for everybody")
    parent = Path(tempfile.mkdtemp(prefix="snapveil-closed-"))
    try:
        above = parent / "checkout with a space"
        above.mkdir()
        subprocess.run(["cp", "-a", str(found.trees[0]), str(above)], check=True)
        tree = above / found.trees[0].name
        libraries = tuple(tree / path.relative_to(found.trees[0]) for path in found.libraries)
        loader = tree / found.loader.relative_to(found.trees[0]) if found.loader else None
        closed = Programs(tree / found.server.relative_to(found.trees[0]), (tree,), libraries, loader)
        monkeypatch.setattr(mariadb, "find_programs", lambda _: closed)
        engines = ENGINES(above / "engines")
        volume = engines.create(MARIADB_SHOP)
        connect_mariadb(engines.start(volume, engines.reserve_port()).port).close()
        assert volume.path is not None
        assert not volume.path.is_relative_to(parent)
        engines.close()
        assert not volume.path.parent.exists()
        assert list((above / "engines").iterdir()) == []
    finally:
        shutil.rmtree(parent)


_CRASHING = """
import os, signal, sys
from pathlib import Path
from local.engines import BothFamilies, NewDatabase
engines = BothFamilies(Path(sys.argv[1]))
volume = engines.create(NewDatabase("shop", "production-secret", "shop", "aurora-mysql"))
running = engines.start(volume, engines.reserve_port())
os.kill(running.pid, signal.SIGSTOP)  # in the middle of a snapshot
print(running.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_next_run_puts_away_what_a_killed_run_left() -> None:
    require_mariadb()
    with engine_folder() as folder:
        command = [sys.executable, "-c", _CRASHING, str(folder)]
        root = Path(__file__).parents[3]
        left = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=root).stdout
        assert is_alive(int(left))
        ENGINES(folder).close()
        assert not is_alive(int(left))
        assert list(folder.iterdir()) == []
