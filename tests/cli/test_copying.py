"""Copying a user's database: everything of it comes along, and nothing of it changes."""

import hashlib
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local.copying.copying import CopyError, restore_dump, take_dump
from local.copying.gateway import _relay, tls_context
from local.copying.original import Original, OriginalError, embedded_extensions, examine, program, read_url
from local.engines import NewDatabase, PostgresEngines
from shared.ledger import now
from tests.cli.conftest import Server

UNKNOWN_EXTENSION = """
SET allow_system_table_mods = on;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
VALUES (99999, 'uuid-ossp', 10, 2200, true, '1.1');
CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';
INSERT INTO pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
VALUES ('pg_proc'::regclass, 'uuid_generate_v4'::regproc, 0, 'pg_extension'::regclass, 99999, 0, 'e');
"""


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:p@host/db", "mysql:// is no PostgreSQL address"),
        ("", "is empty"),
        ("postgresql://host:port/db", "cannot be read"),
        ("just words", "cannot be read"),
    ],
)
def test_an_address_that_is_none_is_refused_with_an_example(url: str, said: str) -> None:
    with pytest.raises(OriginalError, match=said) as refused:
        read_url(url)
    assert "postgresql://user:password@host:5432/database" in str(refused.value)


def test_an_address_as_sqlalchemy_writes_it_is_understood() -> None:
    assert read_url("postgresql+psycopg2://u:p@h/db") == "postgresql://u:p@h/db"


def test_nobody_there_is_said_in_one_line() -> None:
    with pytest.raises(OriginalError, match=r"^nothing answers at 127\.0\.0\.1:1; [^\n]+$"):
        examine("postgresql://u:p@127.0.0.1:1/db")


def test_certificates_are_checked_as_far_as_the_address_says(tmp_path: Path) -> None:
    certificate, _ = self_signed(tmp_path)
    assert tls_context({"sslmode": "require"}).verify_mode is ssl.CERT_NONE
    by_authority = tls_context({"sslmode": "verify-ca", "sslrootcert": str(certificate)})
    assert (by_authority.verify_mode, by_authority.check_hostname) == (ssl.CERT_REQUIRED, False)
    by_name = tls_context({"sslmode": "verify-full", "sslrootcert": str(certificate)})
    assert (by_name.verify_mode, by_name.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.engines
def test_the_servers_refusals_are_told_without_the_password(server: Server, torture: str) -> None:
    for url, said in (
        (torture.replace(server.password, "wrong"), "refused the user or the password"),
        (torture.replace("/torture", "/nowhere"), 'database "nowhere" does not exist'),
    ):
        with pytest.raises(OriginalError, match=said) as refused:
            examine(url)
        assert "word" not in str(refused.value).replace("password", "")


@pytest.mark.engines
def test_an_extension_that_the_engine_has_not_is_named_with_its_user(server: Server) -> None:
    assert "uuid-ossp" not in embedded_extensions()
    assert {"citext", "hstore", "pg_trgm", "vector"} <= embedded_extensions()
    unused = server.create("unused_extension", UNKNOWN_EXTENSION)
    assert examine(unused).unused_extensions == ("uuid-ossp",)
    table = "CREATE TABLE orders (id uuid DEFAULT uuid_generate_v4(), sum int);"
    used = server.create("used_extension", UNKNOWN_EXTENSION + table)
    with pytest.raises(
        OriginalError, match=r"uses the extension uuid-ossp \(default value for column id of table orders"
    ):
        examine(used)


@pytest.mark.engines
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("CREATE COLLATION ci (provider = icu, locale = 'und')", None),
        (
            "CREATE TABLE secret (n int); REVOKE ALL ON SCHEMA public FROM PUBLIC, owner, pg_database_owner",
            "may not read",
        ),
        (
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
            "CREATE FOREIGN TABLE f (n int) SERVER s",
            "public.f is a foreign table",
        ),
    ],
    ids=["icu", "unreadable", "foreign"],
)
def test_what_cannot_be_copied_is_said_beforehand(
    server: Server, request: pytest.FixtureRequest, script: str, said: str | None
) -> None:
    if said is None:
        with pytest.raises(
            psycopg.errors.FeatureNotSupported, match="ICU"
        ):  # why such a copy could not be made
            server.create(request.node.callspec.id, script)
        return
    url = server.create(request.node.callspec.id)
    with psycopg.connect(server.admin_dsn, dbname=request.node.callspec.id, autocommit=True) as connection:
        connection.execute(script.encode())
        connection.execute(b"REVOKE pg_read_all_data FROM owner")
    try:
        with pytest.raises(OriginalError, match=said):
            examine(url)
    finally:
        with psycopg.connect(server.admin_dsn, autocommit=True) as connection:
            connection.execute(b"GRANT pg_read_all_data TO owner")


@pytest.mark.engines
def test_a_copy_has_everything_belongs_to_the_master_and_leaves_the_original_alone(
    torture: str, tmp_path: Path
) -> None:
    before = checksum(torture)
    with copied(examine(torture), tmp_path) as (admin_dsn, left_out):
        assert left_out == ("event trigger watch_ddl",)
        with psycopg.connect(admin_dsn) as copy, psycopg.connect(torture) as original:
            for query in (
                b"SELECT count(*), max(email::text), max(settings::text), max(tags::text) FROM people",
                b'SELECT count(*), max("Ship To"), max("State"::text) FROM "Sales"."Order Lines"',
                b'SELECT * FROM hr."Head Count"',
                b"SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
                b"SELECT polname::text, polroles::regrole[]::text[] FROM pg_policy",
                b"SELECT inhrelid::regclass::text FROM pg_inherits ORDER BY 1",
                b"SELECT col_description('people'::regclass, 5)",
                b"SELECT extname::text, extnamespace::regnamespace::text FROM pg_extension ORDER BY 1",
            ):
                assert copy.execute(query).fetchall() == original.execute(query).fetchall(), query
            owners = copy.execute(
                b"SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace IN"
                b" ('public'::regnamespace, 'hr'::regnamespace)"
            ).fetchall()
            assert owners == [("master",)]
    assert checksum(torture) == before


@pytest.mark.engines
def test_what_the_copy_cannot_hold_is_named_without_its_values(server: Server, tmp_path: Path) -> None:
    script = """
        CREATE FUNCTION careful(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';
        CREATE TABLE people (email text CHECK (careful(email)));
        INSERT INTO people VALUES ('jeanne@customer.test');
        CREATE OR REPLACE FUNCTION careful(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT false';
    """
    original = examine(server.create("unrestorable", script))
    with (
        pytest.raises(CopyError, match=r"pg_restore stopped.*people.* violates check") as failed,
        copied(original, tmp_path),
    ):
        pass
    assert "jeanne" not in str(failed.value)


@pytest.mark.engines
def test_a_server_that_insists_on_tls_is_copied_through_the_gateway(
    server: Server, torture: str, tmp_path: Path
) -> None:
    with tls_front(server.port, tmp_path) as port:
        url = torture.replace(f":{server.port}/", f":{port}/") + "?sslmode=require"
        original = examine(url)
        assert original.encrypted
        sizes: list[int] = []
        take_dump(original, tmp_path / "copy.dump", sizes.append)
    assert (tmp_path / "copy.dump").read_bytes()[:5] == b"PGDMP"
    assert (tmp_path / "copy.dump").stat().st_mode & 0o077 == 0


@contextmanager
def copied(original: Original, folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Copy into an engine of its own; gives its administrator's address and what was left out."""
    folder.chmod(0o755)
    engines = PostgresEngines(root=folder / "copy")
    try:
        volume = engines.create(NewDatabase("master", "secret", original.name))
        running = engines.start(volume, engines.reserve_port())
        admin_dsn = engines.admin_dsn(volume, original.name)
        dump = folder / "original.dump"
        take_dump(original, dump)
        url = f"postgresql://master@127.0.0.1:{running.port}/{original.name}"
        yield admin_dsn, restore_dump(dump, admin_dsn, original, "master", "secret", url)
    finally:
        engines.close()


def checksum(url: str) -> str:
    """What a dump of the database amounts to; the line that is random in every dump is left out."""
    dumped = subprocess.run(
        [str(program("pg_dump")), "--no-comments", "--no-publications", f"--dbname={url}"],
        capture_output=True,
        check=True,
    )
    lines = [
        line for line in dumped.stdout.splitlines() if not line.startswith((b"\\restrict", b"\\unrestrict"))
    ]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


@contextmanager
def tls_front(port: int, folder: Path) -> Iterator[int]:
    """Stand before a plain server as one that speaks TLS only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(folder))

    def serve(client: socket.socket) -> None:
        with closing(client), suppress(OSError):
            if client.recv(8)[4:] != b"\x04\xd2\x16\x2f":  # anything but "SSLRequest" is turned away
                return
            client.sendall(b"S")
            with (
                closing(context.wrap_socket(client, server_side=True)) as encrypted,
                closing(socket.create_connection(("127.0.0.1", port))) as plain,
            ):
                _relay(plain, encrypted)

    def accept(door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()

    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        threading.Thread(target=accept, args=(door,), daemon=True).start()
        yield door.getsockname()[1]
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "server.crt", folder / "server.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    os.chmod(private, 0o600)  # noqa: PTH101
    return certificate, private
