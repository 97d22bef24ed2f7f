"""The receiver's one question to a new database, asked of real MariaDB servers with TLS and without."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.receiver.probe import answers
from shared.database.port import Database, Endpoint
from tests.builders import a_database
from tests.local.engines.folders import engine_folder
from tests.mariadb import MariaDBServer, running_mariadb

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def secure_server() -> Iterator[MariaDBServer]:
    """A server as RDS runs it: TCP with TLS only, and a certificate that nobody knows the signer of."""
    with engine_folder() as folder:
        certificate, key = _self_signed(folder)
        settings = {"ssl_cert": str(certificate), "ssl_key": str(key), "require_secure_transport": "1"}
        with running_mariadb(settings) as server:
            yield server


def _self_signed(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-subj", "/CN=rds.example.invalid", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    for file in (certificate, key):
        file.chmod(0o644)  # the server is run by another user
    return certificate, key


def _database(server: MariaDBServer) -> Database:
    return a_database(
        engine="aurora-mysql",
        master_username=server.user,
        database_name=None,
        endpoint=Endpoint(server.host, server.port),
    )


def test_it_asks_over_tls(secure_server: MariaDBServer) -> None:
    assert answers(_database(secure_server), secure_server.password, "require")
    assert not answers(_database(secure_server), secure_server.password, "disable")


def test_it_does_not_go_on_without_tls_where_tls_is_required(mariadb_server: MariaDBServer) -> None:
    assert answers(_database(mariadb_server), mariadb_server.password, "disable")
    assert not answers(_database(mariadb_server), mariadb_server.password, "require")


def test_a_wrong_password_or_a_database_without_an_address_is_no_answer(
    mariadb_server: MariaDBServer,
) -> None:
    assert not answers(_database(mariadb_server), "wrong", "disable")
    assert not answers(a_database(engine="mariadb", endpoint=None), mariadb_server.password, "disable")
