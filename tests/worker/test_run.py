"""The worker as the container starts it: environment in, exit code, ledger and report out."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from botocore.exceptions import ClientError

from services.anonymize.worker import run
from services.anonymize.worker.connecting import ConnectionProblemError, log_in
from services.anonymize.worker.engines import address_of, try_login
from services.anonymize.worker.engines.postgresql.engine import PostgreSQL
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.progress import Advance
from services.anonymize.worker.schema_file import read_schema
from shared.bundle import read_bundle
from shared.records import Progress, Verification
from tests.worker.building import tell_nobody
from tests.worker.conftest import Server

POLICY = "version: 1\ntables: {t: {columns: {mail: email, note: keep}}}\n"


class LedgerOfTests:
    """Remembers what the worker records."""

    def __init__(self) -> None:
        self.progress: list[Progress] = []
        self.verification: Verification | None = None
        self.failure: str | None = None

    def record_progress(self, run_id: str, progress: Progress) -> None:
        self.progress.append(progress)

    def record_verification(self, run_id: str, verification: Verification) -> None:
        self.verification = verification

    def record_worker_failure(self, run_id: str, reason: str, resource_id: str) -> None:
        self.failure = reason


@pytest.fixture
def ledger(server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LedgerOfTests:
    """A worker's surroundings: a policy, a secret, a database to mask, and a ledger that remembers."""
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "policy.yaml").write_text(POLICY)
    with server.connect(database) as connection:
        connection.execute(
            "CREATE TABLE t (mail text, note text); INSERT INTO t VALUES ('jean@free.fr', 'hello')"
        )
    secret = {"engine": "postgres", "host": "127.0.0.1", "port": server.port, "username": "master",
              "password": server.password, "dbname": database}  # fmt: skip
    secrets = SimpleNamespace(get_secret_value=lambda SecretId: {"SecretString": json.dumps(secret)})  # noqa: N803
    remembered = LedgerOfTests()
    monkeypatch.setattr(run, "client", lambda service: {"secretsmanager": secrets}[service])
    monkeypatch.setattr(run, "Ledger", lambda table: remembered)
    settings = {
        "SNAPVEIL_RUN_ID": "shop-20260101t0000-00000000", "SNAPVEIL_LEDGER_TABLE": "ledger",
        "SNAPVEIL_SECRET_ID": "secret", "SNAPVEIL_POLICY_URI": str(tmp_path / "policy"),
        "SNAPVEIL_POLICY_DIGEST": read_bundle(str(tmp_path / "policy")).digest,
        "SNAPVEIL_DATABASE_RESOURCE_ID": "db-1", "SNAPVEIL_REPORT_URI": str(tmp_path / "report.json"),
        "SNAPVEIL_CONNECTIONS": "2", "SNAPVEIL_CONNECTIONS_WHY": "db.m7g.large has 2 vCPUs",
        "SNAPVEIL_LOGIN_PATIENCE_SECONDS": "0.5", "SNAPVEIL_TLS": "disable",
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return remembered


def test_a_good_run_records_verification_and_progress(ledger, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    assert run.main() == 0
    assert ledger.failure is None
    assert ledger.verification is not None
    assert ledger.verification.passed
    assert (
        ledger.verification.tables_masked,
        ledger.verification.columns_masked,
        ledger.verification.rows_masked,
    ) == (1, 1, 1)
    assert ledger.verification.database_resource_id == "db-1"
    steps = list(dict.fromkeys(progress.step for progress in ledger.progress))
    assert steps == ["connecting", "quarantining", "masking", "cleaning", "verifying"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["tables"][0]["method"] == "rewrite"
    assert (report["key"], report["steps"]) == ("per_run", [])
    assert report["connections"] == {"number": 2, "why": "db.m7g.large has 2 vCPUs"}
    family, schema = read_schema((tmp_path / "schema.json").read_text())
    assert (family, schema.tables[0].label) == ("postgresql", "t")
    assert "jean" not in (tmp_path / "report.json").read_text() + caplog.text


def test_a_worker_that_was_killed_when_all_was_recorded_only_has_to_end(
    ledger, monkeypatch, server, database
):
    def masked() -> list[tuple]:
        with server.connect(database) as connection:
            return connection.execute("SELECT t::text, to_regnamespace('snapveil_work') FROM t").fetchall()

    finish = PostgreSQL.finish

    def die(masking: PostgreSQL) -> None:
        raise KeyboardInterrupt  # what nothing in the worker catches

    monkeypatch.setattr(PostgreSQL, "finish", die)
    with pytest.raises(KeyboardInterrupt):
        run.main()
    assert ledger.verification is not None
    first = masked()
    monkeypatch.setattr(PostgreSQL, "finish", finish)
    monkeypatch.setenv("SNAPVEIL_CONCLUDED", "true")
    assert run.main() == 0  # the traces are removed
    assert run.main() == 0  # also when that was all that it was killed after
    assert masked() == [(first[0][0], None)]
    assert ledger.failure is None


def test_a_policy_that_changed_after_the_run_began_is_refused(ledger, tmp_path):
    (tmp_path / "policy" / "policy.yaml").write_text(POLICY + "# changed\n")
    assert run.main() == 1
    assert ledger.failure is not None
    assert "it was changed after the run began" in ledger.failure
    assert ledger.verification is None


def test_a_policy_that_leaves_a_column_open_fails_with_its_line(ledger, tmp_path, monkeypatch):
    (tmp_path / "policy" / "policy.yaml").write_text("version: 1\ntables: {t: {columns: {mail: email}}}\n")
    monkeypatch.setenv("SNAPVEIL_POLICY_DIGEST", read_bundle(str(tmp_path / "policy")).digest)
    assert run.main() == 1
    assert ledger.failure == (
        "policy.yaml:2:23: t.note: the policy does not name it;"
        " add it under tables.t.columns (policy.yaml:2:23)"
    )


def test_a_failed_verification_is_recorded_as_failed(ledger, server, database):
    with server.connect(database) as connection:
        connection.execute("UPDATE t SET note = 'write to jean@free.fr'")
    assert run.main() == 1
    assert ledger.verification is not None
    assert not ledger.verification.passed
    assert ledger.failure == (
        "verification failed: no original e-mail: columns still hold an original e-mail: t.note (1)"
    )


def test_a_wrong_password_is_waited_for_and_then_named(ledger, monkeypatch, server):
    with server.superuser() as connection:
        connection.execute("ALTER ROLE master PASSWORD 'not yet applied'")
    try:
        assert run.main() == 1
    finally:
        with server.superuser() as connection:
            connection.execute(f"ALTER ROLE master PASSWORD '{server.password}'")
    assert ledger.failure is not None
    assert "no login within 0.5 seconds" in ledger.failure
    assert "wrong user or password" in ledger.failure
    assert server.password not in ledger.failure


def test_the_address_is_read_anew_until_the_login_works(server, database):
    right = address_of(server.url(database))
    answers = [
        address_of(server.url(database, password="old")),
        address_of(f"postgresql://x@127.0.0.1:1/{database}"),
        right,
    ]
    assert log_in(lambda: answers.pop(0), try_login, 30, tell_nobody) is right
    assert answers == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://x@localhost/db", "oracle is no URL of a database"),
        ("postgresql://x@localhost:port/db", "the URL cannot be read"),
        ("postgresql://x@127.0.0.1:1/db", "nothing listens there"),
        ("postgresql://x@nowhere.invalid/db", "no such host"),
    ],
)
def test_what_cannot_be_reached_is_one_clear_line(url, said):
    with pytest.raises(ConnectionProblemError, match=said):
        log_in(lambda: address_of(url), try_login, 0, tell_nobody)


def test_progress_is_told_a_few_times_a_second_and_at_every_end():
    now = [0.0]
    told: list[Advance] = []
    tell = run.throttled(told.append, lambda: now[0])
    for done in range(1, 101):
        now[0] += 0.01
        tell(Advance("masking", done, 100))
    tell(Advance("cleaning", 0, 3))
    assert [advance.tables_done for advance in told] == [1, 26, 51, 76, 100, 0]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "jean@free.fr"}}, "GetSecretValue"),
         "AWS refused GetSecretValue: AccessDenied"),
        (ValueError("jean@free.fr"), "unexpected ValueError at an unknown place;"
         " its message may quote a value and is withheld"),
        (MaskingError("say this"), "say this"),
        (psycopg.OperationalError("server closed: jean@free.fr"), "the connection to the database broke"),
    ],
)  # fmt: skip
def test_a_reason_quotes_no_value(error, said):
    assert reason_of(error) == said


def test_postgresqls_messages_are_repeated_only_where_they_cannot_quote_values(server, database):
    with server.connect(database) as connection:
        connection.execute("CREATE TABLE u (mail text UNIQUE); INSERT INTO u VALUES ('jean@free.fr')")
        reasons = []
        for statement in (
            "INSERT INTO u VALUES ('jean@free.fr')",
            "SELECT 'jean@free.fr'::int",
            "SELECT * FROM nothing",
        ):
            with pytest.raises(psycopg.Error) as raised:
                connection.execute(statement)
            reasons.append(reason_of(raised.value))
    assert not [reason for reason in reasons if "jean" in reason]
    assert 'duplicate key value violates unique constraint "u_mail_key"' in reasons[0]
    assert reasons[1].startswith("InvalidTextRepresentation")
    assert reasons[2] == 'relation "nothing" does not exist (SQLSTATE 42P01)'
