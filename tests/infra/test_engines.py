"""Parameter group families: whose they are, on which port, and what is set for them."""

import pytest

from infra.engines import FamilyError, engine_of
from shared.database.port import Kind


@pytest.mark.parametrize(
    ("kind", "family", "port"),
    [
        (Kind.INSTANCE, "postgres16", 5432),
        (Kind.INSTANCE, "mysql8.0", 3306),
        (Kind.INSTANCE, "mysql8.4", 3306),
        (Kind.INSTANCE, "mariadb10.11", 3306),
        (Kind.CLUSTER, "aurora-postgresql16", 5432),
        (Kind.CLUSTER, "aurora-mysql8.0", 3306),
    ],
)
def test_a_family_has_the_port_of_its_engine(kind: Kind, family: str, port: int) -> None:
    assert engine_of(kind, family).port == port


@pytest.mark.parametrize("family", ["mysql8.0", "mariadb10.11"])
def test_databases_of_the_mysql_family_keep_no_statements_and_run_no_job(family: str) -> None:
    engine = engine_of(Kind.INSTANCE, family)
    assert dict(engine.quiet) == {"general_log": "0", "slow_query_log": "0"}
    assert dict(engine.secure) == {"require_secure_transport": "1", "event_scheduler": "OFF"}


@pytest.mark.parametrize(
    ("kind", "family", "logs"),
    [
        (Kind.INSTANCE, "mysql8.0", {"binlog_format": "ROW"}),
        (Kind.INSTANCE, "mysql8.4", {"innodb_redo_log_capacity": "1073741824"}),
        (Kind.INSTANCE, "mysql10.0", {"innodb_redo_log_capacity": "1073741824"}),
        (Kind.INSTANCE, "mariadb11.4", {"binlog_format": "ROW"}),
        (Kind.CLUSTER, "aurora-mysql8.0", {"binlog_format": "OFF"}),  # ROW would switch it on
        (Kind.INSTANCE, "postgres16", {"max_wal_size": "2048", "min_wal_size": "192"}),
        (Kind.CLUSTER, "aurora-postgresql16", {}),  # its log is not in files
    ],
)
def test_logs_hold_no_statement_of_masking_and_are_of_a_length_that_can_be_written_over(
    kind: Kind, family: str, logs: dict[str, str]
) -> None:
    assert dict(engine_of(kind, family).logs) == logs


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        (Kind.CLUSTER, "mariadb10.11"),
        (Kind.CLUSTER, "mysql8.0"),
        (Kind.INSTANCE, "aurora-mysql8.0"),
        (Kind.INSTANCE, "oracle-ee-19"),
        (Kind.INSTANCE, None),
    ],
)
def test_a_family_of_another_kind_or_of_no_known_engine_is_refused(kind: Kind, family: str | None) -> None:
    with pytest.raises(FamilyError):
        engine_of(kind, family)
