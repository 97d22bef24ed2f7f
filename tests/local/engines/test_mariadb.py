"""Real MariaDB behind the emulated RDS: who gets in, what is copied, what is left over."""

import re
import stat
from pathlib import Path

import pymysql
import pytest

from local.engines import BothFamilies, EngineError, NewDatabase
from local.engines.processes import serving
from tests.local.engines.families import MARIADB_SHOP, MASTER, PASSWORD, Family, ask, connect_mariadb
from tests.local.engines.folders import engine_folder
from tests.mariadb import ENGINES, require_mariadb

pytestmark = pytest.mark.engines


def test_the_master_user_has_what_rds_gives_and_neither_super_nor_file(mariadb: Family) -> None:
    with mariadb.connect(mariadb.port()) as connection:
        granted = ask(connection, "SHOW GRANTS")[0][0]
        with pytest.raises(pymysql.err.OperationalError, match="SUPER"):
            ask(connection, "SET GLOBAL general_log = 1")
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            ask(connection, "SELECT 1 INTO OUTFILE '/tmp/out'")
    assert granted.startswith("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, ")
    assert granted.endswith("WITH GRANT OPTION")


@pytest.mark.parametrize(
    ("user", "password"), [(MASTER, "wrong"), ("rdsadmin", ""), ("root", ""), ("", ""), ("mariadb.sys", "")]
)
def test_over_tcp_only_the_right_password_opens_a_database_and_rdsadmins_never(
    mariadb: Family, user: str, password: str
) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        mariadb.connect(mariadb.port(), user, password)


def test_rdss_own_admin_comes_in_by_a_socket_in_a_private_folder(mariadb: Family) -> None:
    socket = Path(mariadb.engines.socket(mariadb.shop))
    with pymysql.connect(unix_socket=str(socket), user="rdsadmin") as connection:
        assert ask(connection, "SELECT CURRENT_USER()") == (("rdsadmin@localhost",),)
        assert re.match("GRANT (ALL PRIVILEGES|.* SHUTDOWN, .*) ON ", ask(connection, "SHOW GRANTS")[0][0])
        assert ask(connection, "SELECT @@bind_address, @@skip_name_resolve") == (("127.0.0.1", 1),)
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert len(str(socket)) < 104
    assert mariadb.engines.admin_dsn(mariadb.shop, "a b/c").startswith(
        "mysql://rdsadmin@localhost/a%20b%2Fc?unix_socket=%2F"
    )


def test_files_are_private_and_whoever_serves_them_is_known(mariadb: Family) -> None:
    assert mariadb.shop.path is not None
    assert stat.S_IMODE(mariadb.shop.path.stat().st_mode) == 0o700
    served = serving(mariadb.shop.path)
    assert served is not None
    assert served.pid == mariadb.engines.start(mariadb.shop, 0).pid


def test_a_new_password_gives_back_what_the_master_user_lost_and_is_in_no_log(mariadb: Family) -> None:
    volume, running = mariadb.started_copy()
    with pymysql.connect(
        unix_socket=mariadb.engines.socket(volume), user="rdsadmin", autocommit=True
    ) as admin:
        ask(admin, "SET GLOBAL general_log = 1")
        ask(admin, f"DROP USER {MASTER}@'%'")
        mariadb.engines.set_password(volume, MASTER, "quite-another")
        with mariadb.connect(running.port, password="quite-another") as connection:
            assert "CREATE USER" in ask(connection, "SHOW GRANTS")[0][0]
        logged = [
            row[0] for row in ask(admin, "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log")
        ]
        assert any("DROP USER" in statement for statement in logged)
        assert not any("quite-another" in statement for statement in logged)
    mariadb.engines.remove(volume)


def test_what_belongs_to_a_running_server_is_in_no_snapshot(mariadb: Family) -> None:
    assert mariadb.snapshot.path is not None
    left = {path.name for path in mariadb.snapshot.path.iterdir()}
    assert not left & {mariadb.engines.kind.pid_file, "ibtmp1"}


def test_a_server_variable_can_be_wanted_for_all_engines() -> None:
    require_mariadb()
    with engine_folder() as folder:
        engines = ENGINES(folder, settings={"log_bin": "binlog"})
        volume = engines.create(MARIADB_SHOP)
        with connect_mariadb(engines.start(volume, engines.reserve_port()).port) as connection:
            assert ask(connection, "SELECT @@log_bin, @@binlog_format")[0][0] == 1
        engines.close()


def test_the_name_of_an_engine_decides_which_family_it_is_of() -> None:
    require_mariadb()
    with engine_folder() as folder:
        engines = BothFamilies(folder)
        assert not engines.supports("oracle-ee")
        one = engines.create(NewDatabase("shop", PASSWORD, "shop", "aurora-mysql"))
        two = engines.create(NewDatabase("shop", PASSWORD, "shop", "postgres"))
        for volume, file in ((one, "ibdata1"), (two, "PG_VERSION")):
            copy = engines.restore(engines.copy_snapshot(engines.snapshot(volume)))
            assert copy.path is not None
            assert (copy.path / file).exists()
            engines.remove(copy)
            with pytest.raises(EngineError, match="was removed"):
                engines.start(copy, 0)
        engines.close()
        assert list(folder.iterdir()) == []
