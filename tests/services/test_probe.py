"""What the receiver asks of a new database and has it do, with real engines, over TLS and without."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.receiver.probe import Probe
from shared.database.port import Database, Endpoint
from shared.errors import RefusedError
from tests.builders import a_database
from tests.local.engines.folders import engine_folder
from tests.mariadb import MariaDBServer, running_mariadb
from tests.servers import postgres_server

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
    assert Probe("require").answers(_database(secure_server), secure_server.password)
    assert not Probe("disable").answers(_database(secure_server), secure_server.password)


def test_it_does_not_go_on_without_tls_where_tls_is_required(mariadb_server: MariaDBServer) -> None:
    assert Probe("disable").answers(_database(mariadb_server), mariadb_server.password)
    assert not Probe("require").answers(_database(mariadb_server), mariadb_server.password)


def test_a_wrong_password_or_a_database_without_an_address_is_no_answer(
    mariadb_server: MariaDBServer,
) -> None:
    assert not Probe("disable").answers(_database(mariadb_server), "wrong")
    assert not Probe("disable").answers(a_database(engine="mariadb", endpoint=None), mariadb_server.password)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[tuple[Database, str]]:
    with postgres_server("trust", {}) as login:
        endpoint = Endpoint("127.0.0.1", login.port)
        yield a_database(master_username="postgres", database_name=None, endpoint=endpoint), login.password


@pytest.fixture(params=["postgresql", "mariadb"])
def asked(request: pytest.FixtureRequest) -> tuple[Database, str]:
    """A database of each family with the password of its master user."""
    if request.param == "postgresql":
        found: tuple[Database, str] = request.getfixturevalue("postgresql")
        return found
    server: MariaDBServer = request.getfixturevalue("mariadb_server")
    place = Endpoint(server.host, server.port)
    return a_database(
        engine="mariadb", master_username=server.user, database_name=None, endpoint=place
    ), server.password


def test_developers_get_their_login_before_they_get_the_database(postgresql: tuple[Database, str]) -> None:
    prepare = [
        "DO $$ BEGIN CREATE ROLE developers LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT pg_read_all_data TO developers",
    ]
    for _ in range(2):  # whoever dies after it runs it again
        Probe("disable").prepare(*postgresql, prepare)
    endpoint = postgresql[0].endpoint
    assert endpoint is not None
    with psycopg.connect(host=endpoint.host, port=endpoint.port, user="developers", dbname="postgres"):
        pass


def test_a_statement_that_is_refused_is_named_and_nothing_before_it_stays(
    postgresql: tuple[Database, str],
) -> None:
    with pytest.raises(RefusedError, match=r"statement 2: .*nobody"):
        Probe("disable").prepare(
            *postgresql, ["CREATE TABLE half (id int)", "GRANT nobody_known TO postgres"]
        )
    assert Probe("disable").doubt(*postgresql, ["SELECT to_regclass('half') IS NULL"]) is None


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 3", None),
        ("SELECT 1 = 1", None),
        ("SELECT 0", "SELECT 0 said 0"),
        ("SELECT NULL", "SELECT NULL said None"),
        ("SELECT 1 FROM (SELECT 1) AS x WHERE 1 = 0", "said nothing"),
        ("SELECT count(*) FROM nowhere", "nowhere"),
    ],
)
def test_a_check_passes_if_it_says_something(
    asked: tuple[Database, str], query: str, said: str | None
) -> None:
    doubt = Probe("disable").doubt(*asked, ["SELECT 1", query])
    assert doubt == said if said is None else said in str(doubt)
