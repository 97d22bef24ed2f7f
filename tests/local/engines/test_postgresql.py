"""Real PostgreSQL behind the emulated RDS: who gets in, what is copied, what is left over."""

import os
import stat
from pathlib import Path

import psycopg
import pytest

from local.engines import NewDatabase, PostgresEngines
from tests.local.engines.families import MASTER, PASSWORD, Family

pytestmark = pytest.mark.engines


def test_the_master_user_is_no_superuser_but_what_rds_makes_of_him(postgresql: Family) -> None:
    with postgresql.connect(postgresql.port()) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        roles = ("pg_monitor", "pg_read_all_settings", "pg_signal_backend", "pg_checkpoint", "rds_superuser")
        member = [
            connection.execute("SELECT pg_has_role(%s, 'USAGE')", [role]).fetchone()[0] for role in roles
        ]
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'"
        ).fetchone()
        connection.execute("CHECKPOINT")
    assert role == (False, True, True)
    assert all(member)
    assert owner == (MASTER,)


def test_a_new_database_is_utf8_and_sorts_alike_on_every_machine(postgresql: Family) -> None:
    with postgresql.connect(postgresql.port()) as connection:
        row = connection.execute(
            "SELECT current_setting('server_encoding'), datlocprovider, datlocale, lower('ÉLODIE') "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row == ("UTF8", "b", "C.UTF-8", "élodie")


@pytest.mark.parametrize(
    ("user", "password", "database", "message"),
    [
        (MASTER, "wrong", "shop", "password authentication failed"),
        ("rdsadmin", "", "postgres", "pg_hba.conf rejects"),
        (MASTER, PASSWORD, "rdsadmin", "pg_hba.conf rejects"),
        ("nobody", PASSWORD, "shop", "password authentication failed"),
    ],
)
def test_over_tcp_only_the_right_password_opens_a_database_and_rdsadmins_never(
    postgresql: Family, user: str, password: str, database: str, message: str
) -> None:
    with pytest.raises(psycopg.OperationalError, match=message):
        postgresql.connect(postgresql.port(), user, password, database)


def test_rdss_own_admin_comes_in_by_a_socket_in_a_private_folder(postgresql: Family) -> None:
    with psycopg.connect(postgresql.engines.admin_dsn(postgresql.shop, "shop")) as connection:
        assert connection.execute("SELECT current_user, current_setting('is_superuser')").fetchone() == (
            "rdsadmin",
            "on",
        )
        folder = Path(connection.info.host)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(folder / ".s.PGSQL.65535")) < 104
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(host=str(folder), port=postgresql.port(), user=MASTER, dbname="shop")


def test_the_engine_listens_on_this_machine_only(postgresql: Family) -> None:
    with psycopg.connect(postgresql.engines.admin_dsn(postgresql.shop, "postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW log_statement").fetchone() == ("none",)


def test_variables_of_the_callers_own_postgresql_disturb_nothing(
    postgresql: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGPORT": "1",
        "PGOPTIONS": "-c nonsense=1",
        "PGDATA": "/",
        "PGHOST": "example.org",
    }.items():
        monkeypatch.setenv(name, value)
    copy, _ = postgresql.started_copy()
    postgresql.engines.set_password(copy, MASTER, "another")
    postgresql.engines.remove(postgresql.engines.snapshot(copy))
    postgresql.engines.remove(copy)


def test_without_a_database_name_only_postgres_is_made(postgresql: Family) -> None:
    volume = postgresql.engines.create(NewDatabase(MASTER, PASSWORD, None))
    port = postgresql.engines.start(volume, postgresql.engines.reserve_port()).port
    with postgresql.connect(port, database="postgres") as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1"
        ).fetchall()
    assert names == [("postgres",), ("rdsadmin",)]
    postgresql.engines.remove(volume)


def test_a_snapshot_of_a_stopped_engine_is_a_copy_of_its_files(postgresql: Family) -> None:
    stopped = postgresql.engines.restore(postgresql.snapshot)
    taken = postgresql.engines.snapshot(stopped)
    copy, running = postgresql.started_copy(taken)
    postgresql.connect(running.port).close()
    for made in (stopped, taken, copy):
        postgresql.engines.remove(made)


def test_mysql_is_not_behind_this() -> None:
    assert "aurora-postgresql" in PostgresEngines.engine_names
    assert "mysql" not in PostgresEngines.engine_names
